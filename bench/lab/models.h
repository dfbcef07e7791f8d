#ifndef POLYMUX_BENCH_LAB_MODELS_H_
#define POLYMUX_BENCH_LAB_MODELS_H_

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bench/lab/cost_model.h"
#include "bench/lab/crossover.h"
#include "bench/lab/estimate.h"
#include "bench/lab/plan.h"
#include "bench/lab/trial.h"

namespace polymux::bench {

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
  // How far the model is from what was measured where it is farthest: from the
  // median cost of a wait with so many connections, as a share of it.
  double worst_deviation = 0;  // negative: the model says less
  int worst_watched = 0;
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
// such numbers.  Intervals are those of 95 % of the resamplings.  Crossovers
// are the measured ones, and beyond those of the models: where the lines
// through what was measured with most connections meet, up to ten times as
// many, if nearly all resamplings have such a place too.  Of several attempts
// at a round the first counts, for a crossover the first that both arms have.
// REQUIRES: the trials are valid. A function of its arguments alone.
Models FitModels(const Plan& plan, std::span<const Trial* const> trials);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_MODELS_H_
