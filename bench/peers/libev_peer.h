#ifndef POLYMUX_BENCH_PEERS_LIBEV_PEER_H_
#define POLYMUX_BENCH_PEERS_LIBEV_PEER_H_

namespace polymux::bench {

// The echo server on libev, by I/O watchers: see RunPeer (listener.h).
int LibevMain(int argc, char** argv);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_PEERS_LIBEV_PEER_H_
