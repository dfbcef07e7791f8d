#include "bench/lab/models.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace polymux::bench {
namespace {

// "scan" looks at every connection in each wait, "queue" costs more per wait.
// A wait brings two messages, so that a message costs half of
// 1000 + 10 n + 2 * 2000 ns and of 3000 + 2 * 2000 ns: equal at n = 200.
class ModelsTest : public testing::Test {
 protected:
  ModelsTest() {
    for (const int idle : {0, 90, 900, 4000}) {
      plan_.scenarios.push_back(
          {.name = std::to_string(idle), .active = 10, .idle = idle});
    }
    plan_.arms = {{.name = "scan", .target = "scan"},
                  {.name = "queue", .target = "queue"}};
    plan_.baseline = "scan";
    std::normal_distribution normal;
    for (int round = 0; round < 12; ++round) {
      for (std::size_t scenario = 0; scenario < 4; ++scenario) {
        for (std::size_t arm = 0; arm < 2; ++arm) {
          Add(scenario, arm, round, std::exp(0.01 * normal(random_)));
        }
      }
    }
  }

  void Add(std::size_t scenario, std::size_t arm, int round, double noise) {
    const double watched = plan_.scenarios[scenario].connections();
    // Not the same in all scenarios: it must be told apart from the rest.
    const int ready = scenario == 0 ? 6 : 2;
    const double of_wait =
        (arm == 0 ? 1000 + 10 * watched : 3000) + 2000 * ready;
    constexpr int kWaits = 100'000;
    Trial trial{
        .slot = {
            .scenario = scenario, .arm = arm, .round = round, .position = 0}};
    trial.load.messages = std::int64_t{kWaits} * ready;
    trial.load.window_ns = 1'000'000'000;
    trial.load.server_cpu_ns =
        static_cast<std::int64_t>(kWaits * of_wait * noise);
    trial.counters = {.counters = {{"bytes_read", trial.load.messages * 100},
                                   {"waits", kWaits},
                                   {"events", std::int64_t{kWaits} * ready}},
                      .system_calls = {"waits"}};
    trials_.push_back(trial);
  }

  Models Fit() const {
    std::vector<const Trial*> trials;
    for (const Trial& trial : trials_) trials.push_back(&trial);
    return FitModels(plan_, trials);
  }

  Plan plan_;
  std::mt19937_64 random_{1};
  std::vector<Trial> trials_;
};

void ExpectAround(const Estimate& estimate, double truth, double tolerance) {
  EXPECT_NEAR(estimate.value, truth, tolerance);
  EXPECT_LT(estimate.low, estimate.high);
  EXPECT_LE(estimate.low, truth + tolerance / 2);
  EXPECT_GE(estimate.high, truth - tolerance / 2);
}

TEST_F(ModelsTest, TheCostOfAWait) {
  const auto models = Fit().models;
  ASSERT_EQ(models.size(), 2u);
  EXPECT_EQ(models[0].arm, 0u);
  EXPECT_EQ(models[0].trials, 48);
  EXPECT_EQ(models[0].watched_min, 10);
  EXPECT_EQ(models[0].watched_max, 4010);
  ExpectAround(models[0].per_wait_ns, 1000, 200);
  ExpectAround(models[0].per_watched_ns, 10, 0.3);
  ExpectAround(*models[0].per_ready_ns, 2000, 60);
  ExpectAround(models[1].per_watched_ns, 0, 0.3);
  EXPECT_EQ(models[0].message_size, 100u);
  EXPECT_EQ(models[0].active_min, 10);
  EXPECT_EQ(models[0].active_max, 10);
  EXPECT_EQ(models[0].ready_min, 2);
  EXPECT_EQ(models[0].ready_max, 6);
  EXPECT_TRUE(Fit().unmodelled.empty());
}

TEST_F(ModelsTest, WhereTwoArmsCostTheSame) {
  const auto crossovers = Fit().crossovers;
  ASSERT_EQ(crossovers.size(), 1u);
  EXPECT_EQ(crossovers[0].arm, 0u);
  EXPECT_EQ(crossovers[0].other, 1u);
  EXPECT_EQ(crossovers[0].active, 10);
  ExpectAround(crossovers[0].connections, 200, 20);
  EXPECT_FALSE(crossovers[0].extrapolated);
}

TEST_F(ModelsTest, BeyondWhatWasMeasuredIsSaidToBeSo) {
  // Without the two largest, and 200 is not reached.
  std::erase_if(trials_,
                [](const Trial& trial) { return trial.slot.scenario >= 2; });
  plan_.scenarios[2].idle = 140;
  for (int round = 0; round < 12; ++round) {
    for (std::size_t arm = 0; arm < 2; ++arm) {
      Add(2, arm, round, 1 + 0.001 * round);
    }
  }
  const auto crossovers = Fit().crossovers;
  ASSERT_EQ(crossovers.size(), 1u);
  EXPECT_TRUE(crossovers[0].extrapolated);
}

TEST_F(ModelsTest, BeyondWhatOneOfTheTwoMeasuredIsToo) {
  // One arm stops at 100 connections, whichever comes first.
  for (const std::size_t arm : {0U, 1U}) {
    plan_.scenarios[3].idle = 40;
    const auto all = trials_;
    std::erase_if(trials_,
                  [](const Trial& trial) { return trial.slot.scenario == 3; });
    for (int round = 0; round < 12; ++round) {
      for (const std::size_t each : {0U, 1U}) {
        Add(3, each, round, 1 + 0.001 * round);
      }
    }
    std::erase_if(trials_, [arm](const Trial& trial) {
      return trial.slot.scenario == 2 && trial.slot.arm == arm;
    });
    const auto crossovers = Fit().crossovers;
    ASSERT_EQ(crossovers.size(), 1u) << arm;
    EXPECT_TRUE(crossovers[0].extrapolated) << arm;
    trials_ = all;
  }
}

TEST_F(ModelsTest, TellsWhereTheModelIsFarthestOff) {
  EXPECT_LT(std::abs(Fit().models[0].worst_deviation), 0.05);
  for (Trial& trial : trials_) {
    if (trial.slot.scenario == 3) *trial.load.server_cpu_ns *= 3;
  }
  const CostModel queue = Fit().models[1];
  EXPECT_GT(std::abs(queue.worst_deviation), 0.1);
  EXPECT_GT(queue.worst_watched, 0);
}

TEST_F(ModelsTest, NoModelWithoutCountersOrInAnotherLoad) {
  for (Trial& trial : trials_) {
    if (trial.slot.arm == 1) trial.counters.reset();
  }
  EXPECT_EQ(Fit().models.size(), 1u);
  EXPECT_EQ(Fit().crossovers.size(), 1u) << "that takes no counters";
  ASSERT_EQ(Fit().unmodelled.size(), 1u);
  EXPECT_EQ(Fit().unmodelled[0].arm, 1u);
  EXPECT_EQ(Fit().unmodelled[0].reason, "it has no counters");
  for (Scenario& scenario : plan_.scenarios) scenario.depth = 2;
  EXPECT_TRUE(Fit().models.empty());
  EXPECT_TRUE(Fit().unmodelled.empty());
  for (Scenario& scenario : plan_.scenarios) {
    scenario.depth = 1;
    scenario.reactors = 2;
  }
  EXPECT_TRUE(Fit().models.empty()) << "a loop has a part of the connections";
}

TEST_F(ModelsTest, TooFewNumbersOfConnectionsAreAReason) {
  std::erase_if(trials_, [](const Trial& trial) {
    return trial.slot.arm == 1 && trial.slot.scenario >= 2;
  });
  ASSERT_EQ(Fit().unmodelled.size(), 1u);
  EXPECT_EQ(Fit().unmodelled[0].reason,
            "undisturbed trials with only 2 numbers of connections");
}

// A line through two points says nothing of itself.
TEST_F(ModelsTest, APlanOfTwoNumbersOfConnectionsIsNoneForModels) {
  plan_.scenarios.resize(2);
  std::erase_if(trials_,
                [](const Trial& trial) { return trial.slot.scenario >= 2; });
  EXPECT_TRUE(Fit().models.empty());
  EXPECT_TRUE(Fit().unmodelled.empty());
  EXPECT_TRUE(Fit().crossovers.empty());
}

TEST_F(ModelsTest, ARoundThatWasRunAgainCountsOnce) {
  const Models before = Fit();
  const std::vector<Trial> firsts = trials_;
  for (Trial again : firsts) {
    again.slot.attempt = 1;
    *again.load.server_cpu_ns *= 2;
    trials_.insert(trials_.begin(), again);
  }
  const Models after = Fit();
  ASSERT_EQ(after.models.size(), 2u);
  EXPECT_EQ(after.models[0].trials, before.models[0].trials);
  EXPECT_EQ(after.models[0].per_watched_ns.value,
            before.models[0].per_watched_ns.value);
  EXPECT_EQ(after.crossovers.at(0).connections.value,
            before.crossovers.at(0).connections.value);
}

// The middle 95 %, which the value may lie beside.
TEST(EstimateTest, TheIntervalHoldsItsValue) {
  std::vector<double> drawn;
  for (int i = 400; i > 0; --i) drawn.push_back(i);
  const Estimate within = MakeEstimate(200, drawn);
  EXPECT_EQ(within.value, 200);
  EXPECT_EQ(within.low, 11);
  EXPECT_EQ(within.high, 390);
  EXPECT_EQ(MakeEstimate(5, drawn).low, 5);
  EXPECT_EQ(MakeEstimate(5, drawn).high, 390);
  EXPECT_EQ(MakeEstimate(395, drawn).low, 11);
  EXPECT_EQ(MakeEstimate(395, drawn).high, 395);
  EXPECT_EQ(MakeEstimate(1, {1}).low, 1);
}

// A wait that brings the same each time tells nothing of what that costs.
TEST_F(ModelsTest, WhatAReadyOneCostsNeedsWaitsThatDiffer) {
  std::erase_if(trials_,
                [](const Trial& trial) { return trial.slot.scenario == 0; });
  const auto models = Fit().models;
  ASSERT_EQ(models.size(), 2u);
  EXPECT_FALSE(models[0].per_ready_ns);
  ExpectAround(models[0].per_wait_ns, 1000 + 2 * 2000, 200);
  ExpectAround(models[0].per_watched_ns, 10, 0.3);
  ASSERT_EQ(Fit().crossovers.size(), 1u);
  ExpectAround(Fit().crossovers[0].connections, 200, 20);
}

}  // namespace
}  // namespace polymux::bench
