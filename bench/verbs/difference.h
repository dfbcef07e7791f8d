#ifndef POLYMUX_BENCH_VERBS_DIFFERENCE_H_
#define POLYMUX_BENCH_VERBS_DIFFERENCE_H_

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bench/lab/analysis.h"
#include "bench/lab/results.h"

namespace polymux::bench {

// How one arm in one scenario of the runs B compares with the same of the runs
// A, by the primary metric.
struct Difference {
  std::string scenario;
  std::string arm;
  // us of CPU per message: of the rounds, and the geometric mean over the runs.
  double median_a = 0;
  double median_b = 0;
  int rounds_a = 0;  // of all runs
  int rounds_b = 0;
  // Whether all runs have enough rounds without a disturbance for a verdict;
  // else the disturbed ones are in all these figures.
  bool enough_rounds = false;
  // B over A.  With one run each its interval knows nothing of how much runs
  // of the same server differ.
  Estimate ratio;
  // Of Mann-Whitney, that A and B do not differ: of the rounds with one run
  // each, else of the runs' medians.
  double p_value = 1;
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

// Compares the two, several runs of the lab each, by the trials that count
// (SelectTrials), one of each round.  Intervals are those of Bootstrap,
// corrected over all that is compared.  `margin` as in Plan.  REQUIRES:
// neither is empty.
DifferenceReport Compare(std::span<const Results> a, std::span<const Results> b,
                         double margin);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_VERBS_DIFFERENCE_H_
