#ifndef POLYMUX_BENCH_VERBS_BOOTSTRAP_H_
#define POLYMUX_BENCH_VERBS_BOOTSTRAP_H_

#include <cstdint>
#include <random>
#include <vector>

#include "bench/lab/estimate.h"

namespace polymux::bench {

// The logarithms of one measure: by run of the lab, and in it by round.
using Runs = std::vector<std::vector<double>>;

// The mean of the runs' medians: each run counts the same, however many rounds
// it has.  REQUIRES: a run, and no empty one.
double CentreOf(const Runs& runs);

// The hierarchical bootstrap of Kalibera and Jones (Quantifying Performance
// Changes with Effect Size Confidence Intervals, 2012): what varies from run to
// run and what varies from round to round are both in the interval.
class Bootstrap {
 public:
  explicit Bootstrap(int draws = 4000) : draws_(draws) {}

  // exp(CentreOf(b) - CentreOf(a)), with the percentiles of the draws, the same
  // each time: runs with replacement, and in each of them rounds with
  // replacement.  With one run each only the rounds vary.
  // REQUIRES: as CentreOf; 0 < level < 1.
  Estimate Interval(const Runs& a, const Runs& b, double level);

 private:
  double Draw(const Runs& runs, const std::vector<double>& shifts);
  double DrawMedian(const std::vector<double>& values);

  const int draws_;
  std::mt19937_64 random_{20'090'101};
};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_VERBS_BOOTSTRAP_H_
