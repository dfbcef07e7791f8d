#ifndef POLYMUX_BENCH_PEERS_ASIO_PEER_H_
#define POLYMUX_BENCH_PEERS_ASIO_PEER_H_

namespace polymux::bench {

// The echo server on standalone Asio, by asynchronous operations: see RunPeer
// (listener.h).
int AsioMain(int argc, char** argv);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_PEERS_ASIO_PEER_H_
