#include "bench/report/latencies.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bench/lab/selection.h"

namespace polymux::bench {
namespace {

constexpr double kNsPerUs = 1e3;

// As HdrHistogram's own writers: so many lines from 0 % to 50 %, as many again
// to 75 %, and so on.
constexpr double kTicksPerHalfDistance = 5;

double NextLevel(double level) {
  const double halvings = std::floor(std::log2(100 / (100 - level))) + 1;
  return level + 100 / (kTicksPerHalfDistance * std::exp2(halvings));
}

std::string Footer(const LatencyCounts& counts, double total) {
  double sum = 0;
  double sum_of_squares = 0;
  for (const auto& [upper_ns, count] : counts) {
    const double us = static_cast<double>(upper_ns) / kNsPerUs;
    sum += us * static_cast<double>(count);
    sum_of_squares += us * us * static_cast<double>(count);
  }
  const double mean = sum / total;
  const double variance = std::max(0.0, sum_of_squares / total - mean * mean);
  return fmt::format(
      "#[Mean    = {:12.3f}, StdDeviation   = {:12.3f}]\n"
      "#[Max     = {:12.3f}, Total count    = {:12.0f}]\n"
      "#[Buckets = {:12}, SubBuckets     = {:12}]\n",
      mean, std::sqrt(variance),
      static_cast<double>(counts.rbegin()->first) / kNsPerUs, total,
      counts.size(), 128);
}

}  // namespace

LatencyCounts MergeLatencies(const Results& results, std::size_t scenario,
                             std::size_t arm) {
  LatencyCounts counts;
  const auto selected = SelectTrials(results.trials, scenario, arm);
  for (const auto& [round, trial] : selected.best) {
    for (const auto& [upper_ns, count] : trial->load.histogram) {
      counts[upper_ns] += count;
    }
  }
  if (!counts.empty()) return counts;
  for (const MergedLatencies& merged : results.latencies) {
    if (merged.scenario != scenario || merged.arm != arm) continue;
    counts.insert(merged.histogram.begin(), merged.histogram.end());
  }
  return counts;
}

LatencyCounts Coarsen(const LatencyCounts& counts, int resolution) {
  LatencyCounts coarse;
  for (const auto& [upper_ns, count] : counts) {
    std::int64_t step = 1;
    while (upper_ns >= step << (resolution + 1)) step *= 2;
    // The last value of the bucket, as in those of a trial.
    coarse[(upper_ns / step + 1) * step - 1] += count;
  }
  return coarse;
}

std::string RenderHgrm(const LatencyCounts& counts) {
  double total = 0;
  for (const auto& [upper_ns, count] : counts) {
    total += static_cast<double>(count);
  }
  std::string text =
      "       Value     Percentile TotalCount 1/(1-Percentile)\n\n";
  double level = 0;
  double reached = 0;
  for (const auto& [upper_ns, count] : counts) {
    reached += static_cast<double>(count);
    const double us = static_cast<double>(upper_ns) / kNsPerUs;
    while (reached < total && level <= 100 * reached / total) {
      text += fmt::format("{:12.3f} {:14.12f} {:10.0f} {:14.2f}\n", us,
                          level / 100, reached, 1 / (1 - level / 100));
      level = NextLevel(level);
    }
  }
  text += fmt::format("{:12.3f} {:14.12f} {:10.0f}\n",
                      static_cast<double>(counts.rbegin()->first) / kNsPerUs,
                      1.0, total);
  return text + Footer(counts, total);
}

}  // namespace polymux::bench
