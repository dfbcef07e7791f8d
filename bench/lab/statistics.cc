#include "bench/lab/statistics.h"

#include <algorithm>
#include <cmath>

#include "poller/check.h"

namespace polymux::bench {
namespace {

double MedianOfSorted(const std::vector<double>& sorted) {
  const std::size_t half = sorted.size() / 2;
  return sorted.size() % 2 == 1 ? sorted[half]
                                : (sorted[half - 1] + sorted[half]) / 2;
}

}  // namespace

double SampleMedian(std::vector<double> values) {
  POLYMUX_CHECK(!values.empty(), "nothing has no median");
  std::ranges::sort(values);
  return MedianOfSorted(values);
}

double OrderStatisticCoverage(int n, int rank) {
  POLYMUX_CHECK(rank >= 1 && rank <= (n + 1) / 2 && n <= 10'000,
                "no such order statistics");
  // Upwards from P(B = 0) = 2^-n, which a double would not hold beyond 1074.
  long double term = std::exp2(static_cast<long double>(-n));
  long double below = 0;
  for (int i = 0; i < rank; ++i) {
    below += term;
    term *= static_cast<long double>(n - i) / static_cast<long double>(i + 1);
  }
  return static_cast<double>(1 - 2 * below);
}

std::optional<int> OrderStatisticRank(int n, double confidence) {
  std::optional<int> rank;
  for (int i = 1; i <= n / 2; ++i) {
    if (OrderStatisticCoverage(n, i) < confidence) break;
    rank = i;
  }
  return rank;
}

std::optional<Interval> MedianInterval(std::vector<double> values,
                                       double confidence) {
  const auto rank =
      OrderStatisticRank(static_cast<int>(values.size()), confidence);
  if (!rank) return std::nullopt;
  std::ranges::sort(values);
  const auto offset = static_cast<std::size_t>(*rank);
  return Interval{values[offset - 1], values[values.size() - offset]};
}

int ValuesNeeded(double confidence) {
  // 1 - 2 * 2^-n >= confidence
  int n = 2;
  while (OrderStatisticCoverage(n, 1) < confidence) ++n;
  return n;
}

double SimultaneousConfidence(double confidence, int comparisons) {
  POLYMUX_CHECK(comparisons >= 1, "nothing is compared");
  return 1 - (1 - confidence) / comparisons;
}

}  // namespace polymux::bench
