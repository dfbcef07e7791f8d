#include "bench/lab/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/bench/lab_samples.h"

namespace polymux::bench {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

// A trial of a second in which both sides are busy and nothing is wrong.
Trial Sound() {
  Trial trial = SampleTrial(SamplePlan(), Slot{0, 0, 0, 0}, 950);
  trial.load.load_cpu_ns = 990'000'000;
  trial.load.half_messages = {500, 500};
  trial.load.half_server_cpu_ns = {{475'000'000, 475'000'000}};
  trial.load.steal_ns = 25'000'000;
  trial.load.other_cpu_ns = 100'000'000;
  trial.load.psi_cpu_us = 100'000;
  return trial;
}

// No round is uneven.
const UnevenRounds kEven{std::span<const Trial>()};

std::vector<std::string_view> FlagsOf(const Trial& trial) {
  return Flags(SamplePlan(), trial, kEven);
}

TEST(FlagsTest, ASoundTrialAtItsLimitsHasNone) {
  EXPECT_THAT(FlagsOf(Sound()), IsEmpty());
  EXPECT_FALSE(IsTainted(Sound(), kEven));
}

TEST(FlagsTest, DisturbancesTaint) {
  Trial trial = Sound();
  *trial.load.steal_ns += 1'000'000;
  EXPECT_THAT(FlagsOf(trial), ElementsAre(kSteal));
  EXPECT_TRUE(IsTainted(trial, kEven));

  trial = Sound();
  trial.load.other_cpu_ns += 1'000'000;
  EXPECT_THAT(FlagsOf(trial), ElementsAre(kOtherCpu));
  EXPECT_TRUE(IsTainted(trial, kEven));

  trial = Sound();
  trial.load.throttled_ns = 0;
  EXPECT_THAT(FlagsOf(trial), IsEmpty());
  trial.load.throttled_ns = 1;
  EXPECT_THAT(FlagsOf(trial), ElementsAre(kThrottled));
  EXPECT_TRUE(IsTainted(trial, kEven));

  trial = Sound();
  trial.load.rate = LoadOutcome::Rate{100, 100, 50, true};
  EXPECT_THAT(FlagsOf(trial), ElementsAre(kLateGenerator));
  EXPECT_TRUE(IsTainted(trial, kEven));
}

TEST(FlagsTest, HalvesThatDifferAreUnsteady) {
  Trial trial = Sound();
  trial.load.half_messages = {500, 570};
  trial.load.half_server_cpu_ns = {{475'000'000, 541'500'000}};
  EXPECT_THAT(FlagsOf(trial), IsEmpty());
  // The rate.
  trial.load.half_messages = {500, 580};
  EXPECT_THAT(FlagsOf(trial), ElementsAre(kUnsteady));
  EXPECT_FALSE(IsTainted(trial, kEven)) << "it is the outcome";
  // CPU per message.
  trial.load.half_messages = {500, 500};
  trial.load.half_server_cpu_ns = {{475'000'000, 400'000'000}};
  EXPECT_THAT(FlagsOf(trial), ElementsAre(kUnsteady));
  // A few messages.
  trial.load.half_messages = {90, 50};
  EXPECT_THAT(FlagsOf(trial), IsEmpty());
}

// Three arms in two attempts at a round, calibrated at 1 ms.
std::vector<Trial> CalibratedRound() {
  std::vector<Trial> trials;
  for (int attempt = 0; attempt < 2; ++attempt) {
    for (std::size_t arm = 0; arm < 3; ++arm) {
      Trial& trial = trials.emplace_back(Sound());
      trial.slot.arm = arm;
      trial.slot.attempt = attempt;
      trial.calibration_ns = {1'000'000, 1'000'000};
    }
  }
  return trials;
}

TEST(FlagsTest, AChangeOfPaceTaintsAllArmsOfTheAttempt) {
  std::vector<Trial> trials = CalibratedRound();
  for (const std::size_t edge : {0u, 1u}) {
    for (const std::int64_t off : {1'051'000, 951'000}) {
      (*trials[1].calibration_ns)[edge] = off;
      const UnevenRounds uneven(trials);
      for (const Trial& trial : trials) {
        EXPECT_EQ(IsTainted(trial, uneven), trial.slot.attempt == 0);
      }
      EXPECT_THAT(Flags(SamplePlan(), trials[2], uneven), ElementsAre(kPace));
    }
    (*trials[1].calibration_ns)[edge] = 1'000'000;
  }
}

TEST(FlagsTest, WhatIsOffByNoMoreThanTheLimitIsNoise) {
  std::vector<Trial> trials = CalibratedRound();
  (*trials[0].calibration_ns)[0] = 1'050'000;
  (*trials[1].calibration_ns)[1] = 953'000;
  EXPECT_FALSE(IsTainted(trials[0], UnevenRounds(trials)));
  // A slow machine is not an uneven one, nor one of another round.
  for (Trial& trial : trials) {
    if (trial.slot.attempt == 1) trial.calibration_ns = {1'330'000, 1'330'000};
  }
  for (const Trial& trial : trials) {
    EXPECT_FALSE(IsTainted(trial, UnevenRounds(trials)));
  }
  trials[5].slot.scenario = 1;
  EXPECT_FALSE(IsTainted(trials[5], UnevenRounds(trials)));
}

// Results of older versions.
TEST(FlagsTest, WithoutCalibrationsNoPaceIsKnown) {
  std::vector<Trial> trials = CalibratedRound();
  (*trials[1].calibration_ns)[0] = 2'000'000;
  for (Trial& trial : trials) trial.calibration_ns.reset();
  EXPECT_FALSE(IsTainted(trials[1], UnevenRounds(trials)));
}

TEST(FlagsTest, WhatARepetitionWouldNotChangeDoesNotTaint) {
  Trial trial = Sound();
  trial.load.server_cpu_ns = 890'000'000;
  EXPECT_THAT(FlagsOf(trial), ElementsAre(kClientBound));
  trial.load.load_cpu_ns = 890'000'000;
  EXPECT_THAT(FlagsOf(trial), ElementsAre(kClientBound, kUnsaturated));
  EXPECT_FALSE(IsTainted(trial, kEven));

  trial = Sound();
  *trial.load.psi_cpu_us += 1000;
  EXPECT_THAT(FlagsOf(trial), ElementsAre(kPressure));
  EXPECT_FALSE(IsTainted(trial, kEven));

  trial = Sound();
  trial.build->ndebug = false;
  EXPECT_THAT(FlagsOf(trial), ElementsAre(kDebugBuild));
  EXPECT_FALSE(IsTainted(trial, kEven));
}

TEST(FlagsTest, AnOpenLoopIsJudgedByItsRate) {
  Trial trial = Sound();
  trial.load.server_cpu_ns = 100'000'000;
  trial.load.rate = LoadOutcome::Rate{100, 95, 0, false};
  EXPECT_THAT(FlagsOf(trial), IsEmpty());
  trial.load.rate->achieved = 94;
  EXPECT_THAT(FlagsOf(trial), ElementsAre(kRateMissed));
  EXPECT_FALSE(IsTainted(trial, kEven));
}

// Poisson arrivals fall into the halves by chance, the same in each repetition.
TEST(FlagsTest, TheScheduleOfAnOpenLoopIsNotUnsteady) {
  Trial trial = Sound();
  trial.load.rate = LoadOutcome::Rate{600, 600, 0, false};
  trial.load.half_messages = {168, 132};
  trial.load.half_server_cpu_ns = {{168'000, 132'000}};
  EXPECT_THAT(FlagsOf(trial), IsEmpty());
  trial.load.half_server_cpu_ns = {{168'000, 160'000}};
  EXPECT_THAT(FlagsOf(trial), ElementsAre(kUnsteady));
}

TEST(FlagsTest, BusyMeansAllCpusThatTheThreadsCanUse) {
  Plan plan = SamplePlan();
  plan.reactors = 2;
  plan.load_threads = 2;
  plan.cpus = {.server = {0, 1}, .load = {2, 3}};
  Trial trial = Sound();
  EXPECT_THAT(Flags(plan, trial, kEven),
              ElementsAre(kClientBound, kUnsaturated));
  trial.load.load_cpu_ns = 1'800'000'000;
  EXPECT_THAT(Flags(plan, trial, kEven), ElementsAre(kClientBound));
  trial.load.server_cpu_ns = 1'800'000'000;
  EXPECT_THAT(Flags(plan, trial, kEven), IsEmpty());
  // A peer has one thread.
  trial.slot.arm = 2;
  trial.load.server_cpu_ns = 950'000'000;
  EXPECT_THAT(Flags(plan, trial, kEven), IsEmpty());
  // One thread of the load generator can use one CPU.
  trial.load.server_cpu_ns = 500'000'000;
  trial.load.load_cpu_ns = 950'000'000;
  plan.load_threads = 1;
  EXPECT_THAT(Flags(plan, trial, kEven), ElementsAre(kClientBound));
}

TEST(FlagsTest, MoreThreadsThanCpusIsOversubscribed) {
  Plan plan = SamplePlan();
  plan.scenarios[0].reactors = 2;
  EXPECT_THAT(Flags(plan, Sound(), kEven), ElementsAre(kOversubscribed));
  // A peer has one thread.
  Trial peer = Sound();
  peer.slot.arm = 2;
  EXPECT_THAT(Flags(plan, peer, kEven), Not(Contains(kOversubscribed)));
  plan.cpus = {.server = {0, 1}, .load = {2}};
  EXPECT_THAT(Flags(plan, Sound(), kEven), Not(Contains(kOversubscribed)));
  // Unpinned: there is one CPU.
  plan.scenarios[0].reactors = 1;
  plan.cpus = {};
  EXPECT_THAT(Flags(plan, Sound(), kEven), ElementsAre(kOversubscribed));
}

TEST(FlagsTest, AnInvalidTrialIsNotTainted) {
  Trial trial = Sound();
  *trial.load.steal_ns *= 10;
  trial.invalid = "broken";
  EXPECT_FALSE(IsTainted(trial, kEven));
}

}  // namespace
}  // namespace polymux::bench
