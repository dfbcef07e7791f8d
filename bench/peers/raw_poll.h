#ifndef POLYMUX_BENCH_PEERS_RAW_POLL_H_
#define POLYMUX_BENCH_PEERS_RAW_POLL_H_

namespace polymux::bench {

// The echo server on poll(2) written by hand: see RunPeer (listener.h).
int RawPollMain(int argc, char** argv);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_PEERS_RAW_POLL_H_
