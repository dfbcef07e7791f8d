#ifndef POLYMUX_BENCH_LAB_MODELS_H_
#define POLYMUX_BENCH_LAB_MODELS_H_

#include <cstddef>
#include <span>
#include <vector>

#include "bench/lab/plan.h"
#include "bench/lab/trial.h"

namespace polymux::bench {

// A number with the interval in which it lies.
struct Estimate {
  double value = 0;
  double low = 0;
  double high = 0;
};

// What one Wait costs an arm, in ns of server CPU together with the messages
// that it brings: per_wait + per_watched * watched + per_ready * ready.
struct CostModel {
  std::size_t arm;  // index into the plan
  Estimate per_wait_ns;
  Estimate per_watched_ns;
  Estimate per_ready_ns;
  int trials = 0;
  int watched_min = 0;  // the range of connections that was measured
  int watched_max = 0;
};

// Where two arms cost the same per message, as connections grow.
struct Crossover {
  std::size_t arm;    // cheaper with fewer connections
  std::size_t other;  // cheaper with more
  int active = 1;     // connections that send
  Estimate connections;
  bool extrapolated = false;  // beyond what was measured
};

struct Models {
  std::vector<CostModel> models = {};
  std::vector<Crossover> crossovers = {};
};

// What can be fitted to these trials of the plan: those of closed loops with
// one message outstanding per connection and of the message size that was
// measured with most numbers of connections.  An arm without counters, or with
// fewer than three numbers of connections, has no model.  Intervals are those
// of 95 % of the resamplings.  A crossover needs a scenario with idle
// connections and as many active ones for both arms, and is told up to ten
// times the connections that were measured, when nearly all resamplings have
// one too. REQUIRES: the trials are valid.  A function of its arguments alone.
Models FitModels(const Plan& plan, std::span<const Trial* const> trials);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_MODELS_H_
