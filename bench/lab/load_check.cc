#include "bench/lab/load_check.h"

#include <fmt/format.h>

#include <string>

#include "bench/lab/usage_error.h"
#include "bench/load/load_limits.h"

namespace polymux::bench {
namespace {

[[noreturn]] void Refuse(const Scenario& scenario, std::string_view flag,
                         const std::string& why) {
  throw UsageError(fmt::format(
      "{}: scenario \"{}\": {}",
      scenario.place.empty() ? flag : std::string_view(scenario.place),
      scenario.name, why));
}

void CheckRate(const Plan& plan, const Scenario& scenario,
               std::string_view flag) {
  if (!scenario.rate) return;
  const std::string obstacle =
      ScheduleObstacle(*scenario.rate, plan.warm_up, plan.window);
  if (obstacle.empty()) return;
  Refuse(scenario, flag,
         fmt::format("{} per second are {}", *scenario.rate, obstacle));
}

}  // namespace

void CheckLoad(const Plan& plan, std::string_view rate_flag) {
  for (const Scenario& scenario : plan.scenarios) {
    CheckRate(plan, scenario, rate_flag);
  }
}

}  // namespace polymux::bench
