#include "bench/lab/validity.h"

#include <fmt/format.h>

#include <algorithm>

namespace polymux::bench {
namespace {

bool WasToBeMeasured(const Cell& cell) { return cell.obstacle.empty(); }

bool HasTooManyInvalid(const Plan& plan, const Cell& cell) {
  if (cell.invalid_trials == 0) return false;
  return cell.valid_trials == 0 ||
         cell.invalid_trials >
             plan.max_invalid * (cell.valid_trials + cell.invalid_trials);
}

}  // namespace

std::vector<std::string> InvalidArms(const Plan& plan,
                                     const Analysis& analysis) {
  std::vector<std::string> sentences;
  for (const Cell& cell : analysis.cells) {
    if (!HasTooManyInvalid(plan, cell)) continue;
    sentences.push_back(fmt::format(
        "{} of {} trials of {} in {} are invalid, more than {:.3g} %.",
        cell.invalid_trials, cell.valid_trials + cell.invalid_trials,
        plan.arms[cell.arm].name, plan.scenarios[cell.scenario].name,
        100 * plan.max_invalid));
  }
  return sentences;
}

bool IsUsable(const Plan& plan, const Analysis& analysis) {
  return std::ranges::any_of(analysis.cells, WasToBeMeasured) &&
         std::ranges::none_of(analysis.cells, [&plan](const Cell& cell) {
           return WasToBeMeasured(cell) &&
                  (cell.valid_trials == 0 || HasTooManyInvalid(plan, cell));
         });
}

}  // namespace polymux::bench
