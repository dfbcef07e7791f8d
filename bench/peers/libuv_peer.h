#ifndef POLYMUX_BENCH_PEERS_LIBUV_PEER_H_
#define POLYMUX_BENCH_PEERS_LIBUV_PEER_H_

namespace polymux::bench {

// The echo server on libuv, by its streams: see RunPeer (listener.h).
int LibuvMain(int argc, char** argv);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_PEERS_LIBUV_PEER_H_
