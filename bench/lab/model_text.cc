#include "bench/lab/model_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

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

}  // namespace

std::string DescribeModels(const Plan& plan, const Models& models) {
  if (models.models.empty()) return {};
  std::size_t width = 9;
  for (const CostModel& model : models.models) {
    width = std::max(width, plan.arms[model.arm].name.size());
  }
  std::string text = fmt::format(
      "\nCost of a wait, fitted: a + b x connections + c x ready; ns of server "
      "CPU\n\n{:<{}}{:>23}{:>23}{:>23}\n",
      "arm", width, "a: per wait", "b: per connection", "c: per ready");
  for (const CostModel& model : models.models) {
    text += fmt::format("{:<{}}{:>23}{:>23}{:>23}\n", plan.arms[model.arm].name,
                        width, EstimateText(model.per_wait_ns),
                        EstimateText(model.per_watched_ns),
                        EstimateText(model.per_ready_ns));
  }
  std::string sentences;
  for (const Crossover& crossover : models.crossovers) {
    if (plan.arms[crossover.arm].name == plan.baseline ||
        plan.arms[crossover.other].name == plan.baseline) {
      sentences += Wrap("", CrossoverText(plan, crossover));
    }
  }
  return sentences.empty() ? text : text + "\n" + sentences;
}

}  // namespace polymux::bench
