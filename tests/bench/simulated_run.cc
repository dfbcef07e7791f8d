#include "tests/bench/simulated_run.h"

#include <cmath>
#include <numbers>

namespace polymux::bench {

Plan SimulatedPlan(int rounds) {
  Plan plan;
  plan.scenarios = {{.name = "simulated", .active = 10}};
  plan.arms = {{.name = "base", .target = "base"},
               {.name = "base#2", .target = "base"},
               {.name = "same", .target = "same"},
               {.name = "slow", .target = "slow"}};
  plan.baseline = "base";
  plan.control = "base#2";
  plan.rounds = rounds;
  plan.descriptor_limit = 1000;
  return plan;
}

std::vector<Trial> SimulateTrials(const Simulation& simulation,
                                  std::mt19937_64& random) {
  std::normal_distribution normal;
  std::student_t_distribution student(3.0);
  const double of_arm = simulation.noise / std::numbers::sqrt2;
  const auto draw = [&] {
    return simulation.heavy_tails ? student(random) / std::numbers::sqrt3
                                  : normal(random);
  };
  std::vector<Trial> trials;
  for (int round = 0; round < simulation.rounds; ++round) {
    for (std::size_t arm = 0; arm < 4; ++arm) {
      const double factor = arm == 3 ? 1 + simulation.injected : 1;
      Trial& trial = trials.emplace_back();
      trial.slot = {.scenario = 0, .arm = arm, .round = round, .position = 0};
      trial.load.messages = 1'000'000;
      trial.load.window_ns = 1'000'000'000;
      trial.load.server_cpu_ns =
          static_cast<std::int64_t>(5e9 * factor * std::exp(of_arm * draw()));
    }
  }
  return trials;
}

}  // namespace polymux::bench
