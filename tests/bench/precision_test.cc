#include "bench/lab/precision.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "bench/lab/analysis.h"
#include "tests/bench/simulated_run.h"

namespace polymux::bench {
namespace {

constexpr int kArms = 4;
constexpr int kBlock = 2 * kArms;
constexpr int kMostRounds = 144;
constexpr double kInjected = 0.03;  // what "slow" costs more

Plan PrecisePlan(double precision) {
  Plan plan = SimulatedPlan(kMostRounds);
  plan.precision = precision;
  plan.least_rounds = 2 * kBlock;
  return plan;
}

std::vector<Trial> TrialsWith(double noise) {
  std::mt19937_64 random(1);
  return SimulateTrials({.rounds = kMostRounds, .noise = noise}, random);
}

std::span<const Trial> First(std::span<const Trial> trials, int rounds) {
  return trials.first(static_cast<std::size_t>(rounds) * kArms);
}

// After how many rounds the experiment ends.
int RoundsUntilPrecise(const Plan& plan, std::span<const Trial> trials) {
  int rounds = 1;
  while (rounds < plan.rounds &&
         !IsPreciseEnough(plan, First(trials, rounds), rounds)) {
    ++rounds;
  }
  return rounds;
}

TEST(PrecisionTest, ThePresetIsTheLeast) {
  const Plan plan = PrecisePlan(0.01);
  const std::vector<Trial> trials = TrialsWith(0.0001);
  EXPECT_EQ(RoundsUntilPrecise(plan, trials), plan.least_rounds);
}

TEST(PrecisionTest, EndsWithABlock) {
  Plan plan = PrecisePlan(0.01);
  plan.least_rounds = kBlock + 1;
  const std::vector<Trial> trials = TrialsWith(0.0001);
  EXPECT_EQ(RoundsUntilPrecise(plan, trials), 2 * kBlock);
}

TEST(PrecisionTest, NoiseTakesMoreRoundsUpToTheMost) {
  const Plan plan = PrecisePlan(0.01);
  const int rounds = RoundsUntilPrecise(plan, TrialsWith(0.02));
  EXPECT_GT(rounds, plan.least_rounds);
  EXPECT_LT(rounds, plan.rounds);
  EXPECT_EQ(rounds % kBlock, 0);
  EXPECT_EQ(RoundsUntilPrecise(plan, TrialsWith(0.2)), plan.rounds);
}

// Both ends of the interval count.
TEST(PrecisionTest, EachEndHasToBeNear) {
  const Plan plan = PrecisePlan(0.01);
  for (const double off : {0.97, 1.03}) {
    std::vector<Trial> trials = TrialsWith(0.0001);
    // A third of the rounds, more than an interval leaves out at one end.
    for (Trial& trial : trials) {
      if (trial.slot.arm != 2 || trial.slot.round % 3 != 0) continue;
      trial.load.server_cpu_ns = static_cast<std::int64_t>(
          static_cast<double>(*trial.load.server_cpu_ns) * off);
    }
    EXPECT_FALSE(IsPrecise(plan, First(trials, 24))) << off;
    EXPECT_TRUE(IsPrecise(PrecisePlan(0.031), First(trials, 24))) << off;
  }
}

TEST(PrecisionTest, AnArmThatCannotTakePartIsNotWaitedFor) {
  Plan plan = PrecisePlan(0.01);
  plan.arms.push_back({.name = "forbidden", .target = "forbidden"});
  plan.arms.back().unavailable = "not on this machine";
  EXPECT_EQ(RoundsUntilPrecise(plan, TrialsWith(0.0001)), plan.least_rounds);
}

// It measured all 144 rounds for nothing.
TEST(PrecisionTest, OneTaintedRoundAfterTheOtherIsNoReasonToGoOn) {
  const Plan plan = PrecisePlan(0.01);
  std::vector<Trial> trials = TrialsWith(0.0001);
  for (Trial& trial : trials) trial.load.steal_ns = trial.load.window_ns / 2;
  EXPECT_EQ(RoundsUntilPrecise(plan, trials), plan.least_rounds);
}

// How often the interval held the truth.
struct Covered {
  int control = 0;
  int same = 0;
  int slow = 0;
  int all_arms = 0;
};

void Count(const Plan& plan, std::span<const Trial> trials, Covered& covered) {
  const auto cells = Analyze(plan, trials).cells;
  const auto covers = [&cells](std::size_t arm, double truth) {
    const Effect& effect = *cells[arm].effect;
    return effect.low <= truth && truth <= effect.high;
  };
  const bool same = covers(2, 1);
  const bool slow = covers(3, 1 + kInjected);
  if (covers(1, 1)) ++covered.control;
  if (same) ++covered.same;
  if (slow) ++covered.slow;
  if (same && slow) ++covered.all_arms;
}

// Of so many runs; 0.7 % is the standard error of 95 %.
constexpr int kRuns = 1000;

Covered CountCovered(const Simulation& simulation) {
  const Plan plan = PrecisePlan(0.01);
  Covered covered;
  std::mt19937_64 random(7);
  for (int run = 0; run < kRuns; ++run) {
    const std::vector<Trial> trials = SimulateTrials(simulation, random);
    Count(plan, First(trials, RoundsUntilPrecise(plan, trials)), covered);
  }
  return covered;
}

// Looking at the width again and again must not make the intervals lie: 95 %
// are claimed of the control and of all arms together, so of each arm 97.5 %.
TEST(PrecisionTest, StoppingKeepsTheCoverage) {
#ifndef NDEBUG
  GTEST_SKIP() << "two minutes of arithmetic where it is not optimised";
#endif
  // On average after 25 rounds, and with heavy tails 18; after 68 and 42.
  for (const double noise : {0.01, 0.02}) {
    for (const bool heavy_tails : {false, true}) {
      const Covered covered = CountCovered({.rounds = kMostRounds,
                                            .noise = noise,
                                            .injected = kInjected,
                                            .heavy_tails = heavy_tails});
      SCOPED_TRACE(testing::Message() << noise << ", " << heavy_tails);
      EXPECT_GE(covered.control, 0.94 * kRuns);
      EXPECT_GE(covered.all_arms, 0.94 * kRuns);
      EXPECT_LE(covered.all_arms, 0.99 * kRuns);
      EXPECT_GE(covered.same, 0.965 * kRuns);
      EXPECT_GE(covered.slow, 0.965 * kRuns);
    }
  }
}

}  // namespace
}  // namespace polymux::bench
