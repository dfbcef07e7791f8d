#ifndef POLYMUX_BENCH_PEERS_RAW_URING_H_
#define POLYMUX_BENCH_PEERS_RAW_URING_H_

namespace polymux::bench {

// The echo server on io_uring(7) written by hand, which also reads and writes
// through the ring: it waits for completions, not for readiness, so it shows
// what the backends uring-lt and uring-et leave out. See RunPeer (listener.h).
int RawUringMain(int argc, char** argv);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_PEERS_RAW_URING_H_
