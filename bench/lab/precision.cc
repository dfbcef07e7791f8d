#include "bench/lab/precision.h"

#include <algorithm>
#include <cstddef>

#include "bench/lab/analysis.h"

namespace polymux::bench {
namespace {

bool IsNarrow(const Effect& effect, double share) {
  return effect.high <= effect.ratio * (1 + share) &&
         effect.low * (1 + share) >= effect.ratio;
}

bool IsNarrowOrNotCompared(const Plan& plan, const Cell& cell) {
  if (!cell.obstacle.empty() || plan.arms[cell.arm].name == plan.baseline) {
    return true;
  }
  return cell.effect && IsNarrow(*cell.effect, *plan.precision);
}

}  // namespace

bool IsPrecise(const Plan& plan, std::span<const Trial> trials) {
  return std::ranges::all_of(
      Analyze(plan, trials).cells,
      [&plan](const Cell& cell) { return IsNarrowOrNotCompared(plan, cell); });
}

bool IsPreciseEnough(const Plan& plan, std::span<const Trial> trials,
                     int rounds) {
  const auto arms = static_cast<std::size_t>(std::ranges::count_if(
      plan.arms, [](const Arm& arm) { return arm.unavailable.empty(); }));
  return rounds >= plan.least_rounds && rounds == WholeRounds(rounds, arms) &&
         IsPrecise(plan, trials);
}

}  // namespace polymux::bench
