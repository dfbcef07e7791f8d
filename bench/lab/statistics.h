#ifndef POLYMUX_BENCH_LAB_STATISTICS_H_
#define POLYMUX_BENCH_LAB_STATISTICS_H_

#include <optional>
#include <vector>

namespace polymux::bench {

// Two ends, low <= high.
struct Interval {
  double low;
  double high;
};

// The middle one, or the mean of the middle two.  REQUIRES: not empty.
double SampleMedian(std::vector<double> values);

// How probable it is that the median of a continuous distribution lies between
// the `rank`th smallest and the `rank`th largest of `n` independent values from
// it: 1 - 2 P(B < rank), where B is binomial with n trials and p = 1/2.  It
// holds exactly, whatever the distribution (David and Nagaraja, Order
// Statistics, 3rd edition, section 7.1).  REQUIRES: 1 <= rank <= (n + 1) / 2,
// n <= 10000.
double OrderStatisticCoverage(int n, int rank);

// The narrowest such interval that covers the median with at least this
// probability: its rank.  Empty when not even the smallest and the largest
// value do, see ValuesNeeded.  REQUIRES: 0 < confidence < 1, n <= 10000.
std::optional<int> OrderStatisticRank(int n, double confidence);

// The interval itself.  REQUIRES: as above.
std::optional<Interval> MedianInterval(std::vector<double> values,
                                       double confidence);

// How few values can give an interval of this confidence.  REQUIRES:
// 0 < confidence < 1.
int ValuesNeeded(double confidence);

// The confidence of each of `comparisons` intervals so that all of them
// together hold with `confidence` (Bonferroni): whatever the intervals have to
// do with each other, and here they share a baseline.  REQUIRES:
// comparisons >= 1.
double SimultaneousConfidence(double confidence, int comparisons);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_STATISTICS_H_
