#include "bench/lab/validity.h"

#include <algorithm>

namespace polymux::bench {

bool LacksArm(const Analysis& analysis) {
  const auto was_to_be_measured = [](const Cell& cell) {
    return cell.obstacle.empty();
  };
  return std::ranges::none_of(analysis.cells, was_to_be_measured) ||
         std::ranges::any_of(analysis.cells, [&](const Cell& cell) {
           return was_to_be_measured(cell) && cell.valid_trials == 0;
         });
}

}  // namespace polymux::bench
