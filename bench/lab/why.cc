#include "bench/lab/why.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <map>
#include <optional>
#include <vector>

#include "bench/lab/metrics.h"
#include "bench/lab/statistics.h"
#include "bench/lab/text.h"

namespace polymux::bench {
namespace {

// Less is not seen in two decimals.
constexpr double kLeastCalls = 0.005;
// Of the baseline's CPU per message; user and system time are sampled by the
// kernel and too coarse for less.
constexpr double kLeastTime = 0.05;

// What one metric says in the rounds in which both arms have it.
struct Contrast {
  double difference;  // median over the rounds, arm minus baseline
  double of_arm;      // medians
  double of_baseline;
};

class Comparison {
 public:
  Comparison(std::span<const TrialPair> rounds, const Scenario& scenario,
             double confidence)
      : rounds_(rounds), scenario_(scenario), confidence_(confidence) {}

  // Whether there are enough rounds with this metric.
  bool Has(std::string_view metric) const {
    return OrderStatisticRank(static_cast<int>(Values(metric).size()),
                              confidence_)
        .has_value();
  }

  // Empty when the difference may be chance, or is less than `least`.
  std::optional<Contrast> Find(std::string_view metric, double least) const {
    std::vector<double> differences;
    std::vector<double> of_arm;
    std::vector<double> of_baseline;
    for (const auto& [arm, baseline] : Values(metric)) {
      differences.push_back(arm - baseline);
      of_arm.push_back(arm);
      of_baseline.push_back(baseline);
    }
    const auto interval = MedianInterval(differences, confidence_);
    if (!interval || (interval->low <= 0 && interval->high >= 0)) return {};
    const double difference = SampleMedian(differences);
    if (std::abs(difference) < least) return {};
    return Contrast{.difference = difference,
                    .of_arm = SampleMedian(of_arm),
                    .of_baseline = SampleMedian(of_baseline)};
  }

 private:
  std::vector<std::pair<double, double>> Values(std::string_view metric) const {
    const auto value = FindMetric(metric).value;
    std::vector<std::pair<double, double>> values;
    for (const TrialPair& round : rounds_) {
      const auto arm = value(*round.arm, scenario_);
      const auto baseline = value(*round.baseline, scenario_);
      if (arm && baseline) values.emplace_back(*arm, *baseline);
    }
    return values;
  }

  const std::span<const TrialPair> rounds_;
  const Scenario& scenario_;
  const double confidence_;
};

// "(0.99 of them EAGAIN)" where those have part in the difference.
std::string OfThemEagain(const Comparison& comparison, double reads) {
  const auto eagain = comparison.Find("eagain_reads_per_message", kLeastCalls);
  if (!eagain || eagain->difference * reads < 0) return {};
  return fmt::format(" ({:.2f} of them EAGAIN)", std::abs(eagain->difference));
}

// "makes 1.00 more reads but 0.02 fewer changes per message than epoll-lt"
std::string Calls(const Comparison& comparison, std::string_view baseline) {
  std::vector<std::string> more;
  std::vector<std::string> fewer;
  for (const std::string_view call : {"reads", "writes", "waits", "changes"}) {
    const auto contrast =
        comparison.Find(fmt::format("{}_per_message", call), kLeastCalls);
    if (!contrast) continue;
    const double by = contrast->difference;
    auto& list = by > 0 ? more : fewer;
    list.push_back(
        fmt::format("{:.2f} {} {}{}", std::abs(by), by > 0 ? "more" : "fewer",
                    call, call == "reads" ? OfThemEagain(comparison, by) : ""));
  }
  if (more.empty() && fewer.empty()) {
    return fmt::format("makes as many calls per message as {}", baseline);
  }
  return fmt::format("makes {}{}{} per message than {}",
                     fmt::join(more, " and "),
                     more.empty() || fewer.empty() ? "" : " but ",
                     fmt::join(fewer, " and "), baseline);
}

// "; a wait brings 3.20 events instead of 8.05"
std::string Events(const Comparison& comparison) {
  const auto events = comparison.Find("events_per_wait", kLeastCalls);
  if (!events ||
      FormatNumber(events->of_arm) == FormatNumber(events->of_baseline)) {
    return {};
  }
  return fmt::format("; a wait brings {} events instead of {}",
                     FormatNumber(events->of_arm),
                     FormatNumber(events->of_baseline));
}

// What the arm alone counts, as a backend names it: "; each wait counts 1.05
// uring_completed and 1.05 uring_submitted".
std::string OwnCounters(std::span<const TrialPair> rounds) {
  std::map<std::string_view, std::vector<double>> per_wait;
  for (const auto& [arm, baseline] : rounds) {
    if (!arm->counters || !baseline->counters) continue;
    const auto& counters = arm->counters->counters;
    const auto waits = counters.find("waits");
    if (waits == counters.end() || waits->second == 0) continue;
    for (const auto& [name, count] : counters) {
      if (baseline->counters->counters.contains(name)) continue;
      per_wait[name].push_back(static_cast<double>(count) /
                               static_cast<double>(waits->second));
    }
  }
  std::vector<std::string> parts;
  for (auto& [name, values] : per_wait) {
    const double median = SampleMedian(values);
    if (median < kLeastCalls) continue;
    parts.push_back(fmt::format("{} {}", FormatNumber(median), name));
  }
  if (parts.empty()) return {};
  return fmt::format("; each wait counts {}", fmt::join(parts, " and "));
}

// "; it spends 25.1 us more in the kernel"
std::string Time(const Comparison& comparison, double least_us,
                 std::string_view metric, std::string_view where) {
  const auto time = comparison.Find(metric, least_us);
  if (!time) return {};
  return fmt::format("; it spends {} us {} {}",
                     FormatNumber(std::abs(time->difference)),
                     time->difference > 0 ? "more" : "less", where);
}

}  // namespace

std::string ExplainCounters(std::string_view baseline,
                            std::span<const TrialPair> rounds,
                            const Scenario& scenario, double confidence) {
  const Comparison comparison(rounds, scenario, confidence);
  if (!comparison.Has("system_calls_per_message")) return {};
  std::vector<double> costs;
  for (const TrialPair& round : rounds) {
    const auto cost =
        FindMetric(kPrimaryMetric).value(*round.baseline, scenario);
    if (cost) costs.push_back(*cost);
  }
  const double least_us = costs.empty() ? 0 : kLeastTime * SampleMedian(costs);
  return fmt::format(
      "{}{}{}{}{}.", Calls(comparison, baseline), Events(comparison),
      OwnCounters(rounds),
      Time(comparison, least_us, "system_us_per_message", "in the kernel"),
      Time(comparison, least_us, "user_us_per_message", "in user mode"));
}

}  // namespace polymux::bench
