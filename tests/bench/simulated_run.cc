#include "tests/bench/simulated_run.h"

#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>

namespace polymux::bench {
namespace {

constexpr std::size_t kInjectedArm = 5;  // "d" of SimulatedTable

class Draws {
 public:
  Draws(bool heavy_tails, std::mt19937_64& random)
      : heavy_tails_(heavy_tails), random_(random) {}

  // Of variance 1.
  double operator()() {
    return heavy_tails_ ? student_(random_) / std::numbers::sqrt3
                        : normal_(random_);
  }

 private:
  const bool heavy_tails_;
  std::mt19937_64& random_;
  std::normal_distribution<double> normal_;
  std::student_t_distribution<double> student_{3.0};
};

// A trial at this slot in which a message costs so much.
Trial TrialAt(const Slot& slot, double cost) {
  Trial trial{.slot = slot};
  trial.load.messages = 1'000'000;
  trial.load.window_ns = 1'000'000'000;
  trial.load.server_cpu_ns = static_cast<std::int64_t>(5e9 * cost);
  return trial;
}

}  // namespace

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
  Draws draw(simulation.heavy_tails, random);
  const double of_arm = simulation.noise / std::numbers::sqrt2;
  std::vector<Trial> trials;
  for (int round = 0; round < simulation.rounds; ++round) {
    for (std::size_t arm = 0; arm < 4; ++arm) {
      const double factor = arm == 3 ? 1 + simulation.injected : 1;
      const Slot slot{.scenario = 0, .arm = arm, .round = round, .position = 0};
      trials.push_back(TrialAt(slot, factor * std::exp(of_arm * draw())));
    }
  }
  return trials;
}

Plan SimulatedTable(int rounds) {
  Plan plan;
  // Each with another number of active connections: crossovers, which take
  // long, are of those with as many.
  int active = 10;
  for (const int idle : {0, 100, 300, 1000, 3000, 10'000}) {
    plan.scenarios.push_back(
        {.name = std::to_string(idle), .active = active++, .idle = idle});
  }
  for (const char* name : {"base", "base#2", "a", "b", "c", "d", "low"}) {
    plan.arms.push_back({.name = name, .target = name});
  }
  plan.arms[1].target = "base";
  plan.arms.back().max_fd = 500;
  plan.baseline = "base";
  plan.control = "base#2";
  plan.rounds = rounds;
  plan.descriptor_limit = 20'000;
  return plan;
}

std::vector<Trial> SimulateMachine(const SimulatedMachine& machine,
                                   const std::vector<Slot>& slots,
                                   double injected, std::mt19937_64& random) {
  Draws draw(machine.heavy_tails, random);
  std::bernoulli_distribution switches(machine.switching);
  bool is_slow = std::bernoulli_distribution(0.5)(random);
  double wander = 0;
  std::vector<Trial> trials;
  trials.reserve(slots.size());
  for (const Slot& slot : slots) {
    if (switches(random)) is_slow = !is_slow;
    wander = 0.9 * wander + machine.wandering * draw();
    const double age = static_cast<double>(trials.size()) / 1000;
    const double pace = (is_slow ? machine.slow : 1) * std::exp(wander) *
                        (1 + machine.drift * age);
    const double cost = slot.arm == kInjectedArm ? 1 + injected : 1;
    trials.push_back(
        TrialAt(slot, cost * pace * std::exp(machine.noise * draw())));
  }
  return trials;
}

}  // namespace polymux::bench
