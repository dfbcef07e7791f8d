#include "bench/lab/capacity.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <stdexcept>

#include "bench/lab/analysis.h"
#include "bench/lab/usage_error.h"
#include "bench/load/load_limits.h"

namespace polymux::bench {
namespace {

constexpr int kCapacityRounds = 3;

// Long enough to tell a rate; what the plan asks for may be minutes.
constexpr std::chrono::seconds kCapacityWindow{2};

// What every server can do, or it needs no open loop so long.
constexpr double kForeseenRate = 10'000;

// Messages per second; empty without a valid trial.
std::optional<double> CapacityOf(std::span<const Trial> trials,
                                 std::size_t scenario, std::size_t arm) {
  std::vector<double> rates;
  for (const Trial& trial : trials) {
    if (trial.slot.scenario != scenario || trial.slot.arm != arm ||
        !trial.valid() || trial.load.window_ns <= 0) {
      continue;
    }
    rates.push_back(static_cast<double>(trial.load.messages) * 1e9 /
                    static_cast<double>(trial.load.window_ns));
  }
  const auto summary = Summarize(std::move(rates));
  if (!summary) return std::nullopt;
  return summary->median;
}

void RequireOpenLoop(const Scenario& scenario) {
  if (scenario.rate || scenario.burst || scenario.messages_per_connection ||
      scenario.fan_out || scenario.depth != 1) {
    throw UsageError(fmt::format(
        "--open-loop: scenario \"{}\" ({}) is no plain closed loop of depth 1",
        scenario.name, scenario.Describe()));
  }
}

// Without one that can, no rate would be found.
void RequireAnArm(const Plan& plan, const Scenario& scenario) {
  std::string obstacle;
  for (const Arm& arm : plan.arms) {
    obstacle = Obstacle(plan, scenario, arm);
    if (obstacle.empty()) return;
  }
  throw UsageError(
      fmt::format("--open-loop: scenario \"{}\" cannot be measured: {}",
                  scenario.name, obstacle));
}

}  // namespace

Plan CapacityPlan(const Plan& plan) {
  for (const Scenario& scenario : plan.scenarios) {
    RequireOpenLoop(scenario);
    RequireAnArm(plan, scenario);
  }
  const std::string obstacle =
      ScheduleObstacle(kForeseenRate, plan.warm_up, plan.window);
  if (!obstacle.empty()) {
    throw UsageError(fmt::format("--open-loop: {} per second would be {}",
                                 kForeseenRate, obstacle));
  }
  Plan capacity = plan;
  capacity.warm_up =
      std::min<std::chrono::nanoseconds>(plan.warm_up, kCapacityWindow);
  capacity.window =
      std::min<std::chrono::nanoseconds>(plan.window, kCapacityWindow);
  capacity.rounds = kCapacityRounds;
  capacity.whole_blocks = false;
  capacity.precision.reset();
  return capacity;
}

std::vector<double> LowestCapacities(const Plan& plan,
                                     std::span<const Trial> trials) {
  std::vector<double> capacities;
  for (std::size_t scenario = 0; scenario < plan.scenarios.size(); ++scenario) {
    std::optional<double> lowest;
    for (std::size_t arm = 0; arm < plan.arms.size(); ++arm) {
      const auto capacity = CapacityOf(trials, scenario, arm);
      if (!capacity) continue;
      lowest = std::min(*capacity, lowest.value_or(*capacity));
    }
    if (!lowest || *lowest <= 0) {
      throw std::runtime_error(
          fmt::format("{}: no arm has a valid trial that tells its capacity",
                      plan.scenarios[scenario].name));
    }
    capacities.push_back(*lowest);
  }
  return capacities;
}

Plan OpenLoopPlan(const Plan& plan, std::span<const double> capacities) {
  Plan open = plan;
  open.scenarios.clear();
  for (std::size_t i = 0; i < plan.scenarios.size(); ++i) {
    for (const int percent : kOpenLoopPercents) {
      Scenario scenario = plan.scenarios[i];
      scenario.name += fmt::format("@{}%", percent);
      scenario.rate = std::max(1.0, std::round(capacities[i] * percent / 100));
      open.scenarios.push_back(scenario);
    }
  }
  return open;
}

}  // namespace polymux::bench
