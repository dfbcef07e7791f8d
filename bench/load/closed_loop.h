#ifndef POLYMUX_BENCH_LOAD_CLOSED_LOOP_H_
#define POLYMUX_BENCH_LOAD_CLOSED_LOOP_H_

#include "bench/load/worker.h"

namespace polymux::bench {

// Each active connection keeps `depth` messages on the way: an answered one is
// replaced at once.
class ClosedLoop final : public Worker {
 public:
  explicit ClosedLoop(const WorkerPlan& plan) : Worker(plan) {}

 private:
  void Start() override;
  void OnReadable(Connection& connection) override;
};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_CLOSED_LOOP_H_
