#include "bench/lab/model_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "bench/lab/text.h"

namespace polymux::bench {
namespace {

std::string EstimateText(const Estimate& estimate) {
  return fmt::format("{} [{}, {}]", FormatCoefficient(estimate.value),
                     FormatCoefficient(estimate.low),
                     FormatCoefficient(estimate.high));
}

std::string CrossoverText(const Plan& plan, const Crossover& crossover) {
  return fmt::format(
      "With {} active, {} costs less below {} connections [{}, {}], {} "
      "above{}.",
      crossover.active, plan.arms[crossover.arm].name,
      std::lround(crossover.connections.value),
      std::lround(crossover.connections.low),
      std::lround(crossover.connections.high), plan.arms[crossover.other].name,
      crossover.extrapolated ? "; this lies beyond what was measured" : "");
}

std::string ModelTable(const Plan& plan, const Models& models) {
  std::vector<std::array<std::string, 4>> rows{
      {"arm", "a: per wait", "b: per connection", "c: per ready"}};
  for (const CostModel& model : models.models) {
    rows.push_back(
        {plan.arms[model.arm].name, EstimateText(model.per_wait_ns),
         EstimateText(model.per_watched_ns),
         model.per_ready_ns ? EstimateText(*model.per_ready_ns) : "in a"});
  }
  std::size_t arm_width = 9;
  std::size_t width = 21;
  for (const auto& row : rows) {
    arm_width = std::max(arm_width, row[0].size());
    for (std::size_t i = 1; i < row.size(); ++i) {
      width = std::max(width, row[i].size());
    }
  }
  std::string text;
  for (const auto& [arm, per_wait, per_watched, per_ready] : rows) {
    text += fmt::format("{:<{}}  {:>{}}  {:>{}}  {:>{}}\n", arm, arm_width,
                        per_wait, width, per_watched, width, per_ready, width);
  }
  return text;
}

// What it means that c is in a; empty when it is in no model.
std::string WithoutReady(const Plan& plan, const Models& models) {
  std::vector<std::string> arms;
  for (const CostModel& model : models.models) {
    if (!model.per_ready_ns) arms.push_back(plan.arms[model.arm].name);
  }
  if (arms.empty()) return {};
  return "\n" +
         Wrap("", fmt::format("c is in a for {}: the waits brought about "
                              "as many ready ones each time.",
                              fmt::join(arms, ", ")));
}

std::string UnmodelledArms(const Plan& plan, const Models& models) {
  if (models.unmodelled.empty()) return {};
  std::vector<std::string> arms;
  for (const auto& [arm, reason] : models.unmodelled) {
    arms.push_back(fmt::format("{} ({})", plan.arms[arm].name, reason));
  }
  return "\n" + Wrap("", fmt::format("No cost of a wait is fitted for {}.",
                                     fmt::join(arms, ", ")));
}

std::string CrossoversOfBaseline(const Plan& plan, const Models& models) {
  std::string sentences;
  for (const Crossover& crossover : models.crossovers) {
    if (plan.arms[crossover.arm].name == plan.baseline ||
        plan.arms[crossover.other].name == plan.baseline) {
      sentences += Wrap("", CrossoverText(plan, crossover));
    }
  }
  return sentences.empty() ? sentences : "\n" + sentences;
}

std::string FittedCosts(const Plan& plan, const Models& models) {
  if (models.models.empty()) return {};
  std::string doubts;
  for (const std::string& doubt : ModelDoubts(plan, models.models)) {
    doubts += Wrap("", doubt);
  }
  return "\nCost of a wait, fitted: a + b x connections + c x ready; ns of "
         "server CPU\n\n" +
         ModelTable(plan, models) + (doubts.empty() ? "" : "\n" + doubts);
}

}  // namespace

std::vector<std::string> ModelDoubts(const Plan& plan,
                                     const std::vector<CostModel>& models) {
  constexpr double kFar = 0.2;
  std::vector<std::string> doubts;
  for (const CostModel& model : models) {
    if (std::abs(model.worst_deviation) < kFar) continue;
    doubts.push_back(fmt::format(
        "The fit of {} is {:.0f} % {} what was measured with {} connections.",
        plan.arms[model.arm].name, 100 * std::abs(model.worst_deviation),
        model.worst_deviation < 0 ? "below" : "above", model.worst_watched));
  }
  return doubts;
}

std::string DescribeModels(const Plan& plan, const Models& models) {
  return FittedCosts(plan, models) + CrossoversOfBaseline(plan, models) +
         WithoutReady(plan, models) + UnmodelledArms(plan, models);
}

}  // namespace polymux::bench
