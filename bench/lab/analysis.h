#ifndef POLYMUX_BENCH_LAB_ANALYSIS_H_
#define POLYMUX_BENCH_LAB_ANALYSIS_H_

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench/lab/plan.h"
#include "bench/lab/trial.h"

namespace polymux::bench {

// What the rounds gave for one number.  Minimum and maximum tell how far the
// rounds were apart; they are no confidence interval.
struct Summary {
  double median;
  double min;
  double max;
};

// Empty for no values.
std::optional<Summary> Summarize(std::vector<double> values);

// One arm in one scenario.
struct Cell {
  std::size_t scenario;  // index into the plan
  std::size_t arm;       // index into the plan
  // Why it was not measured; empty when it was to be.
  std::string obstacle;
  int valid_trials = 0;
  int invalid_trials = 0;
  std::string first_reason = {};  // of the invalid trials
  // By metric name, over the valid trials; those that are available.
  std::map<std::string_view, Summary> metrics = {};
  // Of the primary metric: arm over baseline in the same round, over the rounds
  // in which both are valid.  Empty for the baseline.
  std::optional<Summary> ratio = {};

  // Empty: not available.
  std::optional<Summary> Find(std::string_view metric) const;
};

// One cell per scenario and arm of the plan, by scenario, in the plan's order.
// A function of its arguments alone.
std::vector<Cell> Analyze(const Plan& plan, std::span<const Trial> trials);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_ANALYSIS_H_
