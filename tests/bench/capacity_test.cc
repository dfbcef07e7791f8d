#include "bench/lab/capacity.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "bench/lab/usage_error.h"
#include "tests/bench/lab_samples.h"

namespace polymux::bench {
namespace {

// A trial with so many messages per second.
Trial TrialOf(std::size_t scenario, std::size_t arm, int round, int rate) {
  Trial trial = SampleTrial(
      SamplePlan(),
      {.scenario = scenario, .arm = arm, .round = round, .position = 0}, 10);
  trial.load.messages = rate / 2;
  trial.load.window_ns = 500'000'000;
  return trial;
}

TEST(CapacityTest, TheSlowestArmDecides) {
  std::vector<Trial> trials;
  for (int round = 0; round < 3; ++round) {
    trials.push_back(TrialOf(0, 0, round, 2000 + 2 * round));
    trials.push_back(TrialOf(0, 1, round, 1000 + 100 * round));
    trials.push_back(TrialOf(1, 0, round, 500));
    trials.push_back(TrialOf(1, 2, round, 4000));
  }
  trials.push_back(TrialOf(0, 2, 0, 10));
  trials.back().invalid = "broken";
  // The median of 1000, 1100 and 1200; the invalid trial does not count.
  EXPECT_EQ(LowestCapacities(SamplePlan(), trials),
            (std::vector<double>{1100, 500}));
}

TEST(CapacityTest, AScenarioWithoutATrialIsAnError) {
  const std::vector<Trial> trials{TrialOf(0, 0, 0, 100)};
  try {
    LowestCapacities(SamplePlan(), trials);
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(std::string(error.what()).find("crowd: "), 0u) << error.what();
  }
}

TEST(CapacityTest, AllArmsGetTheSameRates) {
  const Plan plan = SamplePlan();
  const Plan open = OpenLoopPlan(plan, std::vector<double>{1000, 55});
  ASSERT_EQ(open.scenarios.size(), 10u);
  EXPECT_EQ(open.scenarios[0].name, "small@10%");
  EXPECT_EQ(open.scenarios[0].rate, 100);
  EXPECT_EQ(open.scenarios[4].name, "small@90%");
  EXPECT_EQ(open.scenarios[4].rate, 900);
  EXPECT_EQ(open.scenarios[5].name, "crowd@10%");
  EXPECT_EQ(open.scenarios[5].rate, 6);
  EXPECT_EQ(open.scenarios[5].idle, 200);
  EXPECT_EQ(open.arms.size(), plan.arms.size());
  for (const Scenario& scenario : open.scenarios) scenario.Validate();
}

TEST(CapacityTest, TheCapacityPhaseIsShort) {
  Plan plan = SamplePlan();
  plan.rounds = 36;
  plan.precision = 0.01;
  const Plan capacity = CapacityPlan(plan);
  EXPECT_EQ(capacity.rounds, 3);
  EXPECT_FALSE(capacity.precision);
  EXPECT_FALSE(capacity.scenarios[0].rate);
  EXPECT_EQ(capacity.window, plan.window);
  plan.window = std::chrono::minutes(1);
  EXPECT_EQ(CapacityPlan(plan).window, std::chrono::seconds(2));
}

std::string RefusalOf(const Plan& plan) {
  try {
    CapacityPlan(plan);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "none";
}

// It was told after the capacities had been measured.
TEST(CapacityTest, DurationsLeaveRoomForARate) {
  Plan plan = SamplePlan();
  plan.warm_up = std::chrono::seconds(1);
  plan.window = std::chrono::seconds(1999);
  EXPECT_EQ(RefusalOf(plan), "none");
  plan.window = std::chrono::seconds(2000);
  EXPECT_EQ(RefusalOf(plan),
            "--open-loop: 10000 per second would be more than 20,000,000 "
            "messages in --warm-up and --duration");
}

TEST(CapacityTest, SomeArmCanTakePart) {
  Plan plan = SamplePlan();
  plan.descriptor_limit = 200;
  EXPECT_EQ(RefusalOf(plan),
            "--open-loop: scenario \"crowd\" cannot be measured: 210 "
            "connections need more descriptors than the limit of 200 (ulimit "
            "-Hn)");
}

TEST(CapacityTest, OtherTrafficHasNoOpenLoop) {
  for (const Scenario& scenario :
       {Scenario{.name = "x", .depth = 2}, Scenario{.name = "x", .rate = 5},
        Scenario{.name = "x", .burst = true},
        Scenario{.name = "x", .fan_out = true},
        Scenario{.name = "x", .messages_per_connection = 3}}) {
    Plan plan = SamplePlan();
    plan.scenarios[1] = scenario;
    EXPECT_THROW(CapacityPlan(plan), UsageError) << scenario.Describe();
  }
}

}  // namespace
}  // namespace polymux::bench
