#ifndef POLYMUX_BENCH_VERBS_DIFFERENCE_H_
#define POLYMUX_BENCH_VERBS_DIFFERENCE_H_

#include <optional>
#include <string>
#include <vector>

#include "bench/lab/analysis.h"
#include "bench/lab/results.h"

namespace polymux::bench {

// How one arm in one scenario of results B compares with the same of A, by the
// primary metric.
struct Difference {
  std::string scenario;
  std::string arm;
  double median_a = 0;  // us of CPU per message
  double median_b = 0;
  int rounds_a = 0;
  int rounds_b = 0;
  // Whether both have enough rounds without a disturbance for a verdict; else
  // the disturbed ones are in all these figures.
  bool enough_rounds = false;
  // B over A.  Its interval knows nothing of what changed between the two
  // runs beside the server.
  Estimate ratio;
  double p_value = 1;  // of Mann-Whitney, that A and B do not differ
  // The arm over the baseline in B, over the same in A: what changed for the
  // whole machine cancels.  Empty for the baseline, or when A and B have
  // different ones.
  std::optional<Estimate> relative = {};
  Verdict verdict = Verdict::kInconclusive;  // of B against A

  // The one that the verdict is about.
  const Estimate& preferred() const { return relative ? *relative : ratio; }
};

struct DifferenceReport {
  std::vector<Difference> differences;
  // The baseline that both have; empty: none.
  std::string baseline;
  // What was not compared and why, a sentence each.
  std::vector<std::string> missing;
  // In what else A and B differ, a sentence each.
  std::vector<std::string> drift;
};

// Compares the two by the trials that count (SelectTrials), one of each round.
// Intervals are percentiles of a bootstrap of the rounds, corrected over the
// arms of a scenario; the draws are the same each time.  `margin` as in Plan.
DifferenceReport Compare(const Results& a, const Results& b, double margin);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_VERBS_DIFFERENCE_H_
