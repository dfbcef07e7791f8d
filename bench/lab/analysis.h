#ifndef POLYMUX_BENCH_LAB_ANALYSIS_H_
#define POLYMUX_BENCH_LAB_ANALYSIS_H_

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench/lab/models.h"
#include "bench/lab/plan.h"
#include "bench/lab/selection.h"
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

// How an arm compares with the baseline in the primary metric: the median of
// the ratios within each round, and the interval in which the true one lies.
struct Effect {
  double ratio = 1;
  double low = 0;
  double high = 0;
  int rounds = 0;  // in which both have a value
  // Too few rounds were undisturbed, so these are the first valid attempts.
  bool disturbed = false;
};

enum class Verdict {
  kFaster,        // needs less CPU per message than the baseline
  kSlower,        // needs more
  kEquivalent,    // the interval lies within the margin
  kInconclusive,  // none of these can be said
};

// "faster", "slower", "equivalent", "inconclusive".
std::string_view ToString(Verdict verdict);

// One arm in one scenario.
struct Cell {
  std::size_t scenario;  // index into the plan
  std::size_t arm;       // index into the plan
  // Why it was not measured; empty when it was to be.
  std::string obstacle;
  int valid_trials = 0;
  int invalid_trials = 0;
  std::string first_reason = {};  // of the invalid trials
  // By metric name, over the valid trials; those that are available.  Of a
  // trial that was repeated the first untainted attempt counts, else the last.
  // Where a round lacks it, that counts as the largest.
  std::map<std::string_view, Summary> metrics = {};
  // Of the primary metric: arm over baseline in the same attempt at a round,
  // over the rounds in which both are valid.  Empty for the baseline.
  std::optional<Summary> ratio = {};
  // Over the first attempts in which both are valid and untainted; and over the
  // first in which both are valid, which is also what the former is when too
  // few rounds are untainted.  Empty for the
  // baseline, or with too few rounds for an interval (see ArmConfidence).
  std::optional<Effect> effect = {};
  std::optional<Effect> effect_with_tainted = {};
  int rounds_run = 0;       // of the scenario, whoever has a trial in them
  int compared_rounds = 0;  // in which arm and baseline have a valid attempt
  // Empty for the baseline and its control; when this arm or the control has no
  // effect, for what chance does here is not known then; when either was valid
  // in too few rounds, see HasEnoughRounds.
  std::optional<Verdict> verdict = {};
  int tainted_trials = 0;  // of the valid ones
  // What the counters say about the difference from the baseline, a sentence;
  // empty when they say nothing.
  std::string why = {};

  // Empty: not available.
  std::optional<Summary> Find(std::string_view metric) const;
};

// What the control says about one scenario.
struct ControlCheck {
  std::size_t scenario;  // index into the plan
  Effect effect;         // of the control
  // Whether its interval includes 1.  If not, the run is not to be quoted.
  bool sound = true;
};

// All that follows from the trials.
struct Analysis {
  // One per scenario and arm of the plan, by scenario, in the plan's order.
  std::vector<Cell> cells;
  std::vector<ControlCheck> controls = {};
  std::vector<CostModel> models = {};
  std::vector<Crossover> crossovers = {};
  std::vector<Unmodelled> unmodelled = {};
};

// The logarithms of the primary metric, arm over baseline, of the pairs in
// which both have one.
std::vector<double> LogRatios(const Scenario& scenario,
                              std::span<const TrialPair> pairs);

// Of the intervals of all arms in all scenarios (not of the baseline and its
// control), so that those of the whole table together hold with the plan's
// confidence.
double ArmConfidence(const Plan& plan);

// Of the rounds that were run in a scenario, an arm and the baseline must have
// been valid together in this share, or there is no verdict: what made the
// others invalid may have to do with what is measured.
inline constexpr double kLeastValidShare = 0.5;

// Whether an arm that was compared reaches that.
bool HasEnoughRounds(const Cell& cell);

// Of the intervals of the control, so that those of all scenarios together do:
// what they say is said of the whole run.
double ControlConfidence(const Plan& plan);

// What the effect of an arm amounts to; `control` is that of the control in the
// same scenario.  The first that holds:
//   equivalent: the interval lies within [1 / (1 + margin), 1 + margin], and
//   the
//     control's includes 1;
//   faster, slower: the interval excludes 1, and the estimate is further from 1
//     (in logarithms) than the farther end of the control's interval;
//   inconclusive.
Verdict Judge(const Effect& effect, const Effect& control, double margin);

// A function of its arguments alone.
Analysis Analyze(const Plan& plan, std::span<const Trial> trials);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_ANALYSIS_H_
