#ifndef POLYMUX_BENCH_LAB_CONDITION_H_
#define POLYMUX_BENCH_LAB_CONDITION_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench/lab/analysis.h"
#include "bench/lab/plan.h"

namespace polymux::bench {

// Under which a run counts as failed: `SCENARIO/ARM.METRIC OP VALUE`, for
// instance "echo-100/epoll-lt.p99 > 2ms".
//
// METRIC is a name of Metrics(), a short one (p50, p90, p99, p999, cpu, rate,
// ...) or "ratio", the primary metric over the baseline's.  OP is one of < <=
// > >= == !=.  VALUE is a duration with its unit ("1.5us") for a metric in
// microseconds; a number or a percentage ("105%") for a ratio or share; a size
// ("64m") for one in bytes; else a number.
struct Condition {
  enum class Operator { kLess, kAtMost, kMore, kAtLeast, kEqual, kNotEqual };

  std::string text = {};  // as the user wrote it
  std::string scenario = {};
  std::string arm = {};
  std::string_view metric = {};  // of Metrics(), or kRatio
  Operator comparison = Operator::kMore;
  double value = 0;  // in the metric's unit
};

// For the end of a --help: the form and the metrics of a condition, in lines of
// at most kTextWidth columns.  Begins and ends within a line.
std::string DescribeConditions();

// The metric that is no trial's: the arm over the baseline.
inline constexpr std::string_view kRatio = "ratio";

// Throws UsageError that names the position in `text`, from 1, and what is
// known there.
Condition ParseCondition(std::string_view text);

// What a condition says of an analysis.
enum class Truth { kHolds, kDoesNotHold, kUnknown };

struct ConditionOutcome {
  Truth truth = Truth::kUnknown;
  // A sentence: what was seen, or why nothing was.
  std::string text;
};

// Throws UsageError if the plan has no such scenario or arm.
void RequireKnown(const Condition& condition, const Plan& plan);

// Those of --fail-if.  Throws UsageError as both of the above do.
std::vector<Condition> ParseConditions(std::span<const std::string> texts,
                                       const Plan& plan);

// Compares the median over the valid rounds.  Unknown when the arm could not be
// measured there, or has no such number.  REQUIRES: RequireKnown; the analysis
// is of that plan.
ConditionOutcome Evaluate(const Condition& condition, const Plan& plan,
                          const Analysis& analysis);

// The same for several, told on stderr.  Returns the exit code: 4 when one
// holds, or else 3 when one is unknown, or else 0.
int JudgeConditions(std::span<const Condition> conditions, const Plan& plan,
                    const Analysis& analysis);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_CONDITION_H_
