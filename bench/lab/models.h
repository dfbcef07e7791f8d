#ifndef POLYMUX_BENCH_LAB_MODELS_H_
#define POLYMUX_BENCH_LAB_MODELS_H_

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bench/lab/cost_model.h"
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
  // Empty when the waits brought about as many ready ones each time: what those
  // cost is in per_wait_ns then.
  std::optional<Estimate> per_ready_ns;
  int trials = 0;
  std::size_t message_size = 0;  // of all these trials
  int watched_min = 0;  // the ranges that were measured: of connections,
  int watched_max = 0;
  int active_min = 0;  // of those that send,
  int active_max = 0;
  double ready_min = 0;  // of events per wait
  double ready_max = 0;
  // The coefficients of each resampling.  The n-th ones of two models are of
  // the same rounds, where both have all rounds.
  std::vector<CostCoefficients> draws = {};

  CostCoefficients coefficients() const;
};

// An arm that has no model, though the plan is one for models, and why.
struct Unmodelled {
  std::size_t arm;     // index into the plan
  std::string reason;  // "it has no counters"
};

// Beyond this many times what was measured a line is no knowledge.
inline constexpr double kFarthest = 10;

// The middle 95 % of `drawn`, with `value` in it.  REQUIRES: not empty.
Estimate MakeEstimate(double value, std::vector<double> drawn);

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
  std::vector<Unmodelled> unmodelled = {};
};

// What can be fitted to these trials of the plan: those of closed loops with
// one message outstanding per connection and of the message size that was
// measured with most numbers of connections.  An arm without counters, with
// fewer than three numbers of connections, or whose trials do not tell the
// coefficients apart, has no model; it is unmodelled where the plan has three
// such numbers.  Intervals are those of 95 % of the resamplings.  A crossover
// needs a scenario with idle connections and as many active ones for both arms,
// and is told up to ten times the connections that were measured, when nearly
// all resamplings have one too. REQUIRES: the trials are valid.  A function of
// its arguments alone.
Models FitModels(const Plan& plan, std::span<const Trial* const> trials);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_MODELS_H_
