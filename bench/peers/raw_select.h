#ifndef POLYMUX_BENCH_PEERS_RAW_SELECT_H_
#define POLYMUX_BENCH_PEERS_RAW_SELECT_H_

namespace polymux::bench {

// The echo server on select(2) written by hand: see RunPeer (listener.h).
int RawSelectMain(int argc, char** argv);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_PEERS_RAW_SELECT_H_
