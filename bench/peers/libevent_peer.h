#ifndef POLYMUX_BENCH_PEERS_LIBEVENT_PEER_H_
#define POLYMUX_BENCH_PEERS_LIBEVENT_PEER_H_

namespace polymux::bench {

// The echo server on libevent, by bufferevents: see RunPeer (listener.h).
int LibeventMain(int argc, char** argv);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_PEERS_LIBEVENT_PEER_H_
