#include "bench/lab/precision.h"

#include <algorithm>
#include <cstddef>

#include "bench/lab/analysis.h"

namespace polymux::bench {
namespace {

bool IsNarrow(const Effect& effect, double share) {
  return effect.low > 0 && effect.high <= effect.ratio * (1 + share) &&
         effect.low >= effect.ratio * (1 - share);
}

bool IsNarrowOrNotCompared(const Plan& plan, const Cell& cell) {
  if (!cell.obstacle.empty() || plan.arms[cell.arm].name == plan.baseline) {
    return true;
  }
  return cell.effect && IsNarrow(*cell.effect, *plan.precision);
}

}  // namespace

bool IsPreciseEnough(const Plan& plan, std::span<const Trial> trials,
                     int rounds) {
  const auto arms = static_cast<std::size_t>(std::ranges::count_if(
      plan.arms, [](const Arm& arm) { return arm.unavailable.empty(); }));
  if (rounds < plan.least_rounds || rounds != WholeRounds(rounds, arms)) {
    return false;
  }
  const auto cells = Analyze(plan, trials).cells;
  return std::ranges::all_of(cells, [&plan](const Cell& cell) {
    return IsNarrowOrNotCompared(plan, cell);
  });
}

}  // namespace polymux::bench
