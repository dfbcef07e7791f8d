#include "bench/lab/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/bench/lab_samples.h"

namespace polymux::bench {
namespace {

std::vector<std::size_t> ArmOrder(const Plan& plan) {
  std::vector<std::size_t> order;
  for (const Slot& slot : Schedule(plan)) order.push_back(slot.arm);
  return order;
}

TEST(PlanTest, EachArmThatCanTakesPartOncePerRoundAndScenario) {
  Plan plan = SamplePlan();
  plan.rounds = 12;  // of both three arms and two
  std::set<std::tuple<int, std::size_t, std::size_t>> seen;
  int position = 0;
  int round = 0;
  for (const Slot& slot : Schedule(plan)) {
    if (slot.round != round) position = 0;
    round = slot.round;
    EXPECT_EQ(slot.position, position++);
    EXPECT_TRUE(seen.insert({slot.round, slot.scenario, slot.arm}).second);
  }
  // "low" has no part in the second scenario.
  EXPECT_EQ(seen.size(), 12u * (3 + 2));
  EXPECT_EQ(seen.count({0, 1, 1}), 0u);
}

TEST(PlanTest, AWholeBlockIsBalanced) {
  for (std::size_t arms = 2; arms <= 9; ++arms) {
    Plan plan = SamplePlan();
    plan.scenarios.resize(1);
    plan.arms.assign(arms, plan.arms[0]);
    plan.rounds = WholeRounds(1, arms);
    std::map<std::tuple<std::size_t, int, bool>, int> places;
    std::map<std::pair<std::size_t, std::size_t>, int> neighbours;
    const std::vector<Slot> slots = Schedule(plan);
    for (std::size_t i = 0; i < slots.size(); ++i) {
      const Slot& slot = slots[i];
      ++places[{slot.arm, slot.position, slot.cpus_swapped}];
      if (slot.position > 0) ++neighbours[{slots[i - 1].arm, slot.arm}];
    }
    EXPECT_EQ(places.size(), 2 * arms * arms);
    for (const auto& [place, times] : places) EXPECT_EQ(times, 1);
    EXPECT_EQ(neighbours.size(), arms * (arms - 1));
    for (const auto& [pair, times] : neighbours) EXPECT_EQ(times, 2);
  }
}

// The last block of a scenario with fewer arms was cut short.
TEST(PlanTest, EachScenarioHasWholeBlocksOfItsOwnArms) {
  Plan plan = SamplePlan();
  plan.rounds = 7;
  plan.whole_blocks = true;
  std::map<std::pair<std::size_t, std::size_t>, std::map<int, int>> places;
  for (const Slot& slot : Schedule(plan)) {
    // Within the scenario, of which the first has three trials.
    const int place = slot.scenario == 1 && slot.round < 12 ? slot.position - 3
                                                            : slot.position;
    ++places[{slot.scenario, slot.arm}][place];
  }
  EXPECT_EQ(ScenarioRounds(plan, plan.scenarios[0]), 12);
  EXPECT_EQ(ScenarioRounds(plan, plan.scenarios[1]), 8);
  EXPECT_EQ(MostRounds(plan), 12);
  for (const auto& [arm, of_arm] : places) {
    EXPECT_EQ(of_arm.size(), arm.first == 0 ? 3u : 2u);
    for (const auto& [place, times] : of_arm) EXPECT_EQ(times, 4);
  }
  EXPECT_EQ(CountTrials(plan), 12 * 3 + 8 * 2);
  EXPECT_EQ(CountTrials(plan), std::ssize(Schedule(plan)));
  // A try is as it was asked for.
  plan.rounds = 3;
  plan.whole_blocks = false;
  EXPECT_EQ(ScenarioRounds(plan, plan.scenarios[0]), 3);
  // Nobody takes part.
  plan.descriptor_limit = 50;
  EXPECT_EQ(ScenarioRounds(plan, plan.scenarios[1]), 0);
  EXPECT_EQ(CountTrials(plan), 3 * 3);
}

TEST(PlanTest, BlocksDiffer) {
  Plan plan = SamplePlan();
  plan.scenarios.resize(1);
  plan.arms.assign(6, plan.arms[0]);
  plan.rounds = 24;
  const auto order = ArmOrder(plan);
  const auto half = static_cast<std::ptrdiff_t>(order.size() / 2);
  EXPECT_FALSE(
      std::equal(order.begin(), order.begin() + half, order.begin() + half));
}

TEST(PlanTest, CpusThatCannotSwapAreLeftAlone) {
  Plan plan = SamplePlan();
  plan.rounds = 12;
  plan.cpus = {.server = {0, 1}, .load = {2}};
  for (const Slot& slot : Schedule(plan)) EXPECT_FALSE(slot.cpus_swapped);
}

TEST(PlanTest, PaddingIsRandomWithinAPage) {
  Plan plan = SamplePlan();
  plan.rounds = 12;
  std::set<int> seen;
  for (const Slot& slot : Schedule(plan)) {
    EXPECT_GE(slot.padding, 0);
    EXPECT_LT(slot.padding, 4096);
    seen.insert(slot.padding);
  }
  EXPECT_GT(seen.size(), 40u);
}

TEST(PlanTest, TheSeedDecidesTheOrder) {
  Plan plan = SamplePlan();
  plan.rounds = 20;
  const auto order = ArmOrder(plan);
  EXPECT_EQ(ArmOrder(plan), order);
  plan.seed = 2;
  EXPECT_NE(ArmOrder(plan), order);
}

// Any machine, compiler and library.
TEST(PlanTest, TheOrderIsThisOne) {
  Plan plan = SamplePlan();
  plan.scenarios.resize(1);
  EXPECT_EQ(ArmOrder(plan),
            (std::vector<std::size_t>{0, 2, 1, 2, 1, 0, 1, 0, 2}));
}

TEST(PlanTest, AllArmsOfAnAttemptHaveTheSameLoad) {
  const Plan plan = SamplePlan();
  const std::uint64_t load = LoadSeed(plan, {0, 0, 5, 0});
  EXPECT_EQ(LoadSeed(plan, {1, 2, 5, 3}), load);
  std::set<std::uint64_t> seen{load};
  Plan other = SamplePlan();
  other.seed = 2;
  EXPECT_TRUE(seen.insert(LoadSeed(other, {0, 0, 5, 0})).second);
  EXPECT_TRUE(seen.insert(LoadSeed(plan, {0, 0, 6, 0})).second);
  // A repetition of the same schedule would be as unlucky.
  EXPECT_TRUE(seen.insert(LoadSeed(plan, {0, 0, 5, 0, 1})).second);
}

TEST(PlanTest, TheServerWithMostLoopsCounts) {
  Plan plan = SamplePlan();
  plan.reactors = 0;
  EXPECT_EQ(MostLoops(plan), 1);
  plan.reactors = 2;
  plan.scenarios[1].reactors = 4;
  EXPECT_EQ(MostLoops(plan), 4);
}

TEST(PlanTest, ObstaclesSayWhatIsInTheWay) {
  Plan plan = SamplePlan();
  const Scenario& crowd = plan.scenarios[1];
  EXPECT_EQ(Obstacle(plan, crowd, plan.arms[0]), "");
  EXPECT_EQ(Obstacle(plan, crowd, plan.arms[1]),
            "210 connections need more descriptors than low can watch (0 to "
            "100)");
  plan.descriptor_limit = 200;
  EXPECT_EQ(Obstacle(plan, crowd, plan.arms[0]),
            "210 connections need more descriptors than the limit of 200 "
            "(ulimit -Hn)");
  plan.arms[0].unavailable = "forbidden here";
  EXPECT_EQ(Obstacle(plan, crowd, plan.arms[0]), "forbidden here");
}

TEST(PlanTest, AsManyIdleConnectionsAsThereAreDescriptors) {
  Plan plan = SamplePlan();
  Scenario scenario{.name = "most", .active = 10, .idle_to_limit = true};
  plan.descriptor_limit = 20'000;
  scenario.idle = MostIdle(plan, scenario);
  EXPECT_GT(scenario.idle, 19'900);
  EXPECT_EQ(Obstacle(plan, scenario, plan.arms[0]), "");
  // Not one more.
  ++scenario.idle;
  EXPECT_NE(Obstacle(plan, scenario, plan.arms[0]), "");
  plan.descriptor_limit = std::size_t{1} << 40;
  EXPECT_EQ(MostIdle(plan, scenario), 50'000);
  plan.descriptor_limit = 5;
  EXPECT_EQ(MostIdle(plan, scenario), 0);
}

TEST(PlanTest, OnlyOurServersFanOut) {
  Plan plan = SamplePlan();
  plan.scenarios[0].fan_out = true;
  EXPECT_EQ(Obstacle(plan, plan.scenarios[0], plan.arms[0]), "");
  EXPECT_EQ(Obstacle(plan, plan.scenarios[0], plan.arms[2]),
            "raw echoes; it does not send to all what one sends");
}

TEST(PlanTest, OneThreadSendsABurstOrAFanOut) {
  Plan plan = SamplePlan();
  Scenario& small = plan.scenarios[0];
  small.burst = true;
  EXPECT_EQ(Obstacle(plan, small, plan.arms[0]), "");
  plan.load_threads = 2;
  EXPECT_EQ(Obstacle(plan, small, plan.arms[0]),
            "one thread sends a burst, not --load-threads 2");
  EXPECT_THAT(DescribePlan(plan),
              testing::HasSubstr("without any arm: one thread sends a burst"));
  // The other scenario is measured all the same.
  EXPECT_EQ(CountTrials(plan), 2 * plan.rounds);
  small = {.name = "x", .active = 5, .fan_out = true};
  EXPECT_EQ(Obstacle(plan, small, plan.arms[0]),
            "one thread sends a fan-out, not --load-threads 2");
  small = {.name = "x", .active = 5, .depth = 3};
  EXPECT_EQ(Obstacle(plan, small, plan.arms[0]), "");
}

TEST(PlanTest, TheEstimateHoldsAtLeastTheMeasuring) {
  const Plan plan = SamplePlan();
  const auto trials = static_cast<int>(Schedule(plan).size());
  EXPECT_GT(EstimateAll(plan), trials * (plan.warm_up + plan.window));
  EXPECT_LT(EstimateAll(plan), trials * 2 * (plan.warm_up + plan.window));
}

TEST(PlanTest, DescribesItself) {
  const std::string text = DescribePlan(SamplePlan());
  EXPECT_NE(text.find("3 rounds of 100ms warm-up and 1s measured, order from "
                      "seed 1: about 19 s\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("backend base (baseline)\n"), std::string::npos) << text;
  EXPECT_NE(text.find("without low: 210 connections need"), std::string::npos)
      << text;
}

TEST(PlanTest, WithAPrecisionTheLengthIsALimit) {
  Plan plan = SamplePlan();
  plan.precision = 0.01;
  plan.least_rounds = 2;
  const std::string text = DescribePlan(plan);
  EXPECT_EQ(text.rfind("2 rounds at least, 3 rounds at most, until each "
                       "interval is within +-1 %, of 100ms warm-up and 1s "
                       "measured, order from seed 1: at most about 19 s\n",
                       0),
            0u)
      << text;
}

}  // namespace
}  // namespace polymux::bench
