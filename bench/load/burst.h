#ifndef POLYMUX_BENCH_LOAD_BURST_H_
#define POLYMUX_BENCH_LOAD_BURST_H_

#include "bench/load/worker.h"

namespace polymux::bench {

// Rounds: all active connections send one message, one right after the other,
// and the next round begins when the last echo of this one is complete. The
// server thus finds many connections ready at once, and then none.
class Burst final : public Worker {
 public:
  explicit Burst(const WorkerPlan& plan) : Worker(plan) {}

 private:
  void Start() override { SendRound(); }
  void OnReadable(Connection& connection) override;
  void SendRound();
};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_BURST_H_
