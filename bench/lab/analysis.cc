#include "bench/lab/analysis.h"

#include <algorithm>
#include <utility>

#include "bench/lab/metrics.h"

namespace polymux::bench {
namespace {

// The primary metric by round, for the valid trials of an arm.
std::map<int, double> PrimaryByRound(const Plan& plan,
                                     std::span<const Trial> trials,
                                     std::size_t scenario, std::size_t arm) {
  std::map<int, double> by_round;
  for (const Trial& trial : trials) {
    if (trial.slot.scenario != scenario || trial.slot.arm != arm ||
        !trial.valid()) {
      continue;
    }
    const auto value =
        FindMetric(kPrimaryMetric).value(trial, plan.scenarios[scenario]);
    if (value && *value > 0) by_round[trial.slot.round] = *value;
  }
  return by_round;
}

std::optional<Summary> Ratio(const std::map<int, double>& arm,
                             const std::map<int, double>& baseline) {
  std::vector<double> ratios;
  for (const auto& [round, value] : arm) {
    const auto found = baseline.find(round);
    if (found != baseline.end()) ratios.push_back(value / found->second);
  }
  return Summarize(std::move(ratios));
}

Cell AnalyzeCell(const Plan& plan, std::span<const Trial> trials,
                 std::size_t scenario, std::size_t arm) {
  Cell cell{
      .scenario = scenario,
      .arm = arm,
      .obstacle = Obstacle(plan, plan.scenarios[scenario], plan.arms[arm])};
  std::map<std::string_view, std::vector<double>> values;
  for (const Trial& trial : trials) {
    if (trial.slot.scenario != scenario || trial.slot.arm != arm) continue;
    if (!trial.valid()) {
      if (cell.invalid_trials++ == 0) cell.first_reason = trial.invalid;
      continue;
    }
    ++cell.valid_trials;
    for (const Metric& metric : Metrics()) {
      const auto value = metric.value(trial, plan.scenarios[scenario]);
      if (value) values[metric.name].push_back(*value);
    }
  }
  for (auto& [name, of_rounds] : values) {
    // A median over fewer rounds than its neighbour's would not compare: p99.9
    // of the slow rounds, which have too few messages for it, is missing.
    if (std::cmp_less(of_rounds.size(), cell.valid_trials)) continue;
    cell.metrics.emplace(name, *Summarize(std::move(of_rounds)));
  }
  return cell;
}

}  // namespace

std::string_view ToString(Verdict verdict) {
  switch (verdict) {
    case Verdict::kFaster:
      return "faster";
    case Verdict::kSlower:
      return "slower";
    case Verdict::kEquivalent:
      return "equivalent";
    case Verdict::kInconclusive:
      break;
  }
  return "inconclusive";
}

std::optional<Summary> Summarize(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  const double median = values.size() % 2 == 1
                            ? values[half]
                            : (values[half - 1] + values[half]) / 2;
  return Summary{median, values.front(), values.back()};
}

std::optional<Summary> Cell::Find(std::string_view metric) const {
  const auto found = metrics.find(metric);
  if (found == metrics.end()) return std::nullopt;
  return found->second;
}

Analysis Analyze(const Plan& plan, std::span<const Trial> trials) {
  const auto baseline = static_cast<std::size_t>(
      std::distance(plan.arms.begin(),
                    std::ranges::find(plan.arms, plan.baseline, &Arm::name)));
  std::vector<Cell> cells;
  for (std::size_t scenario = 0; scenario < plan.scenarios.size(); ++scenario) {
    const auto reference = PrimaryByRound(plan, trials, scenario, baseline);
    for (std::size_t arm = 0; arm < plan.arms.size(); ++arm) {
      Cell& cell = cells.emplace_back(AnalyzeCell(plan, trials, scenario, arm));
      if (arm == baseline) continue;
      cell.ratio =
          Ratio(PrimaryByRound(plan, trials, scenario, arm), reference);
    }
  }
  return {.cells = std::move(cells)};
}

}  // namespace polymux::bench
