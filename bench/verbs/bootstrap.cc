#include "bench/verbs/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "bench/lab/statistics.h"

namespace polymux::bench {
namespace {

double Quantile(const std::vector<double>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above],
                   at - static_cast<double>(below));
}

// What is added to a median drawn from each run. A mean of n draws varies less
// than the mean of n runs does, by (n - 1) / n in its variance: so the runs are
// put as much further apart.
std::vector<double> ShiftsOf(const Runs& runs) {
  std::vector<double> shifts(runs.size());
  if (runs.size() == 1) return shifts;
  const auto n = static_cast<double>(runs.size());
  const double centre = CentreOf(runs);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    shifts[i] = (SampleMedian(runs[i]) - centre) * (std::sqrt(n / (n - 1)) - 1);
  }
  return shifts;
}

}  // namespace

double CentreOf(const Runs& runs) {
  double sum = 0;
  for (const std::vector<double>& run : runs) sum += SampleMedian(run);
  return sum / static_cast<double>(runs.size());
}

Estimate Bootstrap::Interval(const Runs& a, const Runs& b, double level) {
  const std::vector<double> shifts_a = ShiftsOf(a);
  const std::vector<double> shifts_b = ShiftsOf(b);
  std::vector<double> draws;
  draws.reserve(static_cast<std::size_t>(draws_));
  for (int i = 0; i < draws_; ++i) {
    draws.push_back(Draw(b, shifts_b) - Draw(a, shifts_a));
  }
  std::ranges::sort(draws);
  const double tail = (1 - level) / 2;
  return {.value = std::exp(CentreOf(b) - CentreOf(a)),
          .low = std::exp(Quantile(draws, tail)),
          .high = std::exp(Quantile(draws, 1 - tail))};
}

double Bootstrap::Draw(const Runs& runs, const std::vector<double>& shifts) {
  double sum = 0;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::size_t run = runs.size() == 1 ? 0 : random_() % runs.size();
    sum += DrawMedian(runs[run]) + shifts[run];
  }
  return sum / static_cast<double>(runs.size());
}

double Bootstrap::DrawMedian(const std::vector<double>& values) {
  std::vector<double> drawn(values.size());
  for (double& value : drawn) value = values[random_() % values.size()];
  return SampleMedian(std::move(drawn));
}

}  // namespace polymux::bench
