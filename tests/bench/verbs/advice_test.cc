#include "bench/verbs/advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/bench/lab_samples.h"

namespace polymux::bench {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// "small" has 10 connections, "crowd" 210, 10 of them active each; "low" costs
// half of "base" but has no part in "crowd"; "raw" is a control.
class AdviceTest : public testing::Test {
 protected:
  AdviceTest() : analysis_(Analyze(results_.plan, results_.trials)) {
    // What follows from it is tested here, not the interval.
    SetEffect("low", {.ratio = 0.5, .low = 0.49, .high = 0.51, .rounds = 9});
  }

  void SetEffect(const std::string& arm, const Effect& effect) {
    for (Cell& cell : analysis_.cells) {
      if (cell.scenario == 0 && results_.plan.arms[cell.arm].name == arm) {
        cell.effect = effect;
        cell.verdict = Judge(effect, {.low = 0.995, .high = 1.005}, 0.02);
      }
    }
  }

  // 5000 + 10 N + 2000 r ns for "base", with `width` to either side of the
  // middle term; 1000 + 110 N + 2000 r for "low".
  void AddModels(double width) {
    analysis_.models = {MakeModel(0, 5000, 10), MakeModel(1, 1000, 110)};
    for (int i = 0; i < 40; ++i) {
      const double share = (i - 19.5) / 19.5;
      analysis_.models[0].draws.push_back({5000, 10 + share * width, 2000});
      analysis_.models[1].draws.push_back({1000, 110, 2000});
    }
  }

  static CostModel MakeModel(std::size_t arm, double per_wait,
                             double per_watched) {
    return {.arm = arm,
            .per_wait_ns = {per_wait, per_wait, per_wait},
            .per_watched_ns = {per_watched, per_watched, per_watched},
            .per_ready_ns = Estimate{2000, 2000, 2000},
            .message_size = 100,
            .watched_min = 10,
            .watched_max = 80,
            .active_min = 1,
            .active_max = 10,
            .ready_min = 1,
            .ready_max = 10};
  }

  Advice Ask(const Workload& workload) const {
    return Advise(results_, analysis_, workload);
  }

  Results results_ = SampleResults();
  Analysis analysis_;
};

TEST_F(AdviceTest, TheMeasuredWorkload) {
  const Advice advice = Ask({.connections = 10, .active = 10});
  EXPECT_EQ(advice.basis, Basis::kMeasured);
  EXPECT_EQ(advice.nearest, "small");
  EXPECT_THAT(advice.recommended, ElementsAre("low"));
  ASSERT_EQ(advice.candidates.size(), 2u);
  EXPECT_DOUBLE_EQ(advice.candidates[0].cpu_us.value(), 5.5);
  EXPECT_DOUBLE_EQ(advice.candidates[1].ratio, 2);
  EXPECT_THAT(advice.reservations,
              ElementsAre("verdicts of the run in small, against base: low "
                          "faster"));
  // Of the ratio within the rounds; costs of different trials have none.
  EXPECT_FALSE(advice.candidates[0].cpu_interval);
  EXPECT_FALSE(advice.candidates[1].cpu_interval);
  EXPECT_FALSE(advice.candidates[0].ratio_interval);
  EXPECT_DOUBLE_EQ(advice.candidates[1].ratio_interval.value().low, 1 / 0.51);
  EXPECT_DOUBLE_EQ(advice.candidates[1].ratio_interval.value().high, 1 / 0.49);
}

TEST_F(AdviceTest, WhatTheRunDoesNotSayIsNotSaidHere) {
  for (Cell& cell : analysis_.cells) cell.verdict = Verdict::kInconclusive;
  EXPECT_EQ(Ask({.connections = 10, .active = 10}).recommended.size(), 2u);
  for (Cell& cell : analysis_.cells) cell.verdict.reset();
  const Advice advice = Ask({.connections = 10, .active = 10});
  EXPECT_EQ(advice.recommended.size(), 2u);
  EXPECT_THAT(advice.reservations, Contains(HasSubstr("low without verdict")));
}

TEST_F(AdviceTest, AnUnsoundControlTellsNothingApart) {
  analysis_.controls = {{.scenario = 0, .effect = {}, .sound = false}};
  const Advice advice = Ask({.connections = 10, .active = 10});
  EXPECT_EQ(advice.recommended.size(), 2u);
  EXPECT_THAT(advice.reservations,
              ElementsAre(HasSubstr("the control of small came out")));
  // That of another workload has nothing to do with it.
  analysis_.controls[0].scenario = 1;
  EXPECT_EQ(Ask({.connections = 10, .active = 10}).recommended.size(), 1u);
}

// Neither is the baseline: they are not compared with each other.
TEST_F(AdviceTest, TwoThatWereNotPairedHaveNoInterval) {
  results_.plan.arms[2].kind = ArmKind::kBackend;
  analysis_ = Analyze(results_.plan, results_.trials);
  SetEffect("low", {.ratio = 0.5, .low = 0.45, .high = 0.55, .rounds = 9});
  SetEffect("raw", {.ratio = 0.6, .low = 0.54, .high = 0.66, .rounds = 9});
  Advice advice = Ask({.connections = 10, .active = 10});
  EXPECT_EQ(advice.candidates[1].arm, "raw");
  EXPECT_FALSE(advice.candidates[1].ratio_interval);
  EXPECT_THAT(advice.recommended, ElementsAre("low", "raw"));
  SetEffect("raw", {.ratio = 0.6, .low = 0.56, .high = 0.66, .rounds = 9});
  advice = Ask({.connections = 10, .active = 10});
  EXPECT_THAT(advice.recommended, ElementsAre("low"));
}

TEST_F(AdviceTest, NoDetectableDifference) {
  SetEffect("low", {.ratio = 0.97, .low = 0.90, .high = 1.04, .rounds = 9});
  const Advice advice = Ask({.connections = 10, .active = 10});
  EXPECT_THAT(advice.recommended, ElementsAre("low", "base"));
  EXPECT_THAT(advice.command, HasSubstr("low,base"));
}

TEST_F(AdviceTest, ADifferenceWithinTheMarginIsNone) {
  SetEffect("low", {.ratio = 0.99, .low = 0.985, .high = 0.995, .rounds = 9});
  EXPECT_EQ(Ask({.connections = 10, .active = 10}).recommended.size(), 2u);
}

TEST_F(AdviceTest, BackendsThatCannotDoItAreLeftOut) {
  const Advice advice = Ask({.connections = 210, .active = 10});
  EXPECT_EQ(advice.basis, Basis::kMeasured);
  EXPECT_THAT(advice.recommended, ElementsAre("base"));
  EXPECT_THAT(advice.excluded, ElementsAre(HasSubstr("low: it cannot watch")));
}

TEST_F(AdviceTest, TheNearestWorkloadWithoutAModel) {
  const Advice advice = Ask({.connections = 12, .active = 9});
  EXPECT_EQ(advice.basis, Basis::kNearest);
  EXPECT_EQ(advice.nearest, "small");
  EXPECT_THAT(advice.reservations, Contains(HasSubstr("nearest measured")));
  EXPECT_THAT(advice.command,
              HasSubstr("--connections 12 --active 9 --size 100"));
}

TEST_F(AdviceTest, ModelsSayWhoWinsWithManyConnections) {
  AddModels(0);
  // A wait finds 10 of 10 active ones ready: as in "small".
  const Advice few = Ask({.connections = 20, .active = 10});
  EXPECT_EQ(few.basis, Basis::kInterpolated);
  EXPECT_THAT(few.recommended, ElementsAre("low"));
  EXPECT_DOUBLE_EQ(few.candidates[0].cpu_us.value(), (1000 + 2200) / 10e3 + 2);
  const Advice many = Ask({.connections = 80, .active = 10});
  EXPECT_EQ(many.basis, Basis::kInterpolated);
  EXPECT_THAT(many.recommended, ElementsAre("base"));
}

TEST_F(AdviceTest, SaysThatItExtrapolates) {
  AddModels(0);
  const Advice advice = Ask({.connections = 84, .active = 1});
  EXPECT_EQ(advice.basis, Basis::kExtrapolated);
  EXPECT_THAT(Ask({.connections = 800, .active = 10}).reservations,
              Contains(HasSubstr("800 connections is beyond")));
}

TEST_F(AdviceTest, EachBackendExtrapolatesByItself) {
  AddModels(0);
  analysis_.models[1].watched_max = 15;
  const Advice advice = Ask({.connections = 70, .active = 10});
  EXPECT_THAT(advice.recommended, ElementsAre("base"));
  EXPECT_EQ(advice.basis, Basis::kInterpolated);
  EXPECT_EQ(advice.candidates[0].basis, Basis::kInterpolated);
  EXPECT_EQ(advice.candidates[1].basis, Basis::kExtrapolated);
}

TEST_F(AdviceTest, MoreActiveOnesThanMeasuredExtrapolateToo) {
  AddModels(0);
  const Advice advice = Ask({.connections = 60, .active = 60});
  EXPECT_EQ(advice.basis, Basis::kExtrapolated);
  EXPECT_THAT(advice.reservations,
              Contains(HasSubstr("60 active connections is beyond")));
}

TEST_F(AdviceTest, AnotherSizeHasNoMicroseconds) {
  AddModels(0);
  const Advice advice =
      Ask({.connections = 20, .active = 10, .message_size = 65'536});
  EXPECT_EQ(advice.basis, Basis::kExtrapolated);
  EXPECT_THAT(advice.recommended, ElementsAre("low"));
  for (const Candidate& candidate : advice.candidates) {
    EXPECT_FALSE(candidate.cpu_us) << candidate.arm;
  }
  EXPECT_GT(advice.candidates[1].ratio, 1);
  EXPECT_THAT(advice.reservations, Contains(HasSubstr("nearer to 1")));
  analysis_.models.clear();
  EXPECT_FALSE(Ask({.connections = 20, .active = 10, .message_size = 65'536})
                   .candidates[0]
                   .cpu_us);
}

TEST_F(AdviceTest, RefusesWhatIsTooFar) {
  AddModels(0);
  EXPECT_NO_THROW(Ask({.connections = 800, .active = 10}));
  EXPECT_THROW(Ask({.connections = 801, .active = 10}), std::runtime_error);
  EXPECT_THROW(Ask({.connections = 101, .active = 101}), std::runtime_error);
  // Of two one may reach farther.
  analysis_.models[1].watched_max = 20;
  results_.plan.arms[1].max_fd.reset();
  EXPECT_THROW(Ask({.connections = 300, .active = 10}), std::runtime_error);
  analysis_.models.clear();
  EXPECT_THROW(Ask({.connections = 1'000'000, .active = 10}),
               std::runtime_error);
}

// What a round did to both arms is in both predictions.
TEST_F(AdviceTest, TheRatioOfTwoModelsIsTakenWithinTheRounds) {
  AddModels(0);
  for (CostModel& model : analysis_.models) {
    for (std::size_t i = 0; i < model.draws.size(); ++i) {
      for (double& value : model.draws[i]) value *= 1 + 0.01 * double(i);
    }
  }
  const Advice advice = Ask({.connections = 20, .active = 10});
  EXPECT_GT(advice.candidates[0].cpu_interval.value().high,
            1.3 * advice.candidates[0].cpu_us.value());
  EXPECT_NEAR(advice.candidates[1].ratio_interval.value().high,
              advice.candidates[1].ratio, 1e-9);
}

TEST_F(AdviceTest, NamesNoCommandThatCannotRun) {
  AddModels(0);
  EXPECT_EQ(Ask({.connections = 80, .active = 10}).no_command, "");
  results_.plan.descriptor_limit = 85;
  const Advice advice = Ask({.connections = 80, .active = 10});
  EXPECT_EQ(advice.command, "");
  EXPECT_THAT(advice.no_command, HasSubstr("the limit of 85"));
  results_.plan.descriptor_limit = 10'000'000;
  analysis_.models[0].watched_max = 200'000;
  results_.plan.arms[1].max_fd.reset();
  analysis_.models[1].watched_max = 200'000;
  EXPECT_THAT(Ask({.connections = 1'000'001, .active = 10}).no_command,
              HasSubstr("at most 1000000"));
}

TEST_F(AdviceTest, WideModelsCannotDecide) {
  AddModels(150);
  EXPECT_EQ(Ask({.connections = 80, .active = 10}).recommended.size(), 2u);
}

TEST_F(AdviceTest, MentionsCrossovers) {
  analysis_.crossovers = {{.arm = 1,
                           .other = 0,
                           .active = 10,
                           .connections = {40, 38, 42},
                           .extrapolated = true}};
  EXPECT_THAT(
      Ask({.connections = 20, .active = 10}).reservations,
      Contains(HasSubstr("low is cheaper than base with fewer than 40 [38 42] "
                         "connections, 10 active (extrapolated)")));
}

TEST_F(AdviceTest, OpenLoopsAndChurnAreNotTheNearest) {
  results_.plan.scenarios[0].rate = 1000;
  EXPECT_EQ(Ask({.connections = 12, .active = 9}).nearest, "crowd");
  results_.plan.scenarios[1].messages_per_connection = 1;
  EXPECT_THROW(Ask({.connections = 12, .active = 9}), std::runtime_error);
}

TEST_F(AdviceTest, ControlsAreNoCandidates) {
  results_.plan.control = "low";
  const Advice advice = Ask({.connections = 10, .active = 10});
  EXPECT_THAT(advice.recommended, ElementsAre("base"));
  for (const Candidate& candidate : advice.candidates) {
    EXPECT_THAT(candidate.arm, Not("raw"));
  }
}

TEST_F(AdviceTest, NothingMeasured) {
  results_.trials.clear();
  analysis_ = Analyze(results_.plan, results_.trials);
  EXPECT_THROW(Ask({.connections = 10}), std::runtime_error);
}

}  // namespace
}  // namespace polymux::bench
