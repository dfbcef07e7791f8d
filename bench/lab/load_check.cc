#include "bench/lab/load_check.h"

#include <fmt/format.h>

#include <string>

#include "apps/flag_values.h"
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

void CheckTime(std::string_view flag, std::chrono::nanoseconds time) {
  if (time <= kMaxLoadTime) return;
  throw UsageError(fmt::format("{}: at most {}, not {}", flag,
                               FormatDuration(kMaxLoadTime),
                               FormatDuration(time)));
}

// How many messages are on the way.
void CheckDepth(const Scenario& scenario) {
  const auto depth = static_cast<std::size_t>(scenario.depth);
  if (static_cast<std::size_t>(scenario.active) <= kMaxOnTheWay / depth) return;
  Refuse(scenario, "--depth",
         fmt::format("more than {} messages on the way", kMaxOnTheWay));
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
  CheckTime("--duration", plan.window);
  CheckTime("--warm-up", plan.warm_up);
  for (const Scenario& scenario : plan.scenarios) {
    CheckDepth(scenario);
    CheckRate(plan, scenario, rate_flag);
  }
}

}  // namespace polymux::bench
