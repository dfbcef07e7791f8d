#ifndef POLYMUX_BENCH_PEERS_RAW_THREADS_H_
#define POLYMUX_BENCH_PEERS_RAW_THREADS_H_

namespace polymux::bench {

// The echo server that multiplexing replaced: blocking sockets, and a thread
// for each connection.  See RunPeer (listener.h).
int RawThreadsMain(int argc, char** argv);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_PEERS_RAW_THREADS_H_
