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
      }
    }
  }

  // 5000 + 10 N + 2000 r ns for "base", with `width` to either side of the
  // middle term; 1000 + 110 N + 2000 r for "low".
  void AddModels(double width) {
    analysis_.models = {{.arm = 0,
                         .per_wait_ns = {5000, 5000, 5000},
                         .per_watched_ns = {10, 10 - width, 10 + width},
                         .per_ready_ns = Estimate{2000, 2000, 2000},
                         .watched_min = 10,
                         .watched_max = 80},
                        {.arm = 1,
                         .per_wait_ns = {1000, 1000, 1000},
                         .per_watched_ns = {110, 110, 110},
                         .per_ready_ns = Estimate{2000, 2000, 2000},
                         .watched_min = 10,
                         .watched_max = 80}};
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
  EXPECT_DOUBLE_EQ(advice.candidates[0].cpu_us.value, 5.5);
  EXPECT_DOUBLE_EQ(advice.candidates[1].ratio.value, 2);
  EXPECT_THAT(advice.reservations, IsEmpty());
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
  EXPECT_DOUBLE_EQ(few.candidates[0].cpu_us.value, (1000 + 2200) / 10e3 + 2);
  const Advice many = Ask({.connections = 80, .active = 10});
  EXPECT_EQ(many.basis, Basis::kInterpolated);
  EXPECT_THAT(many.recommended, ElementsAre("base"));
}

TEST_F(AdviceTest, SaysThatItExtrapolates) {
  AddModels(0);
  const Advice advice = Ask({.connections = 84, .active = 1});
  EXPECT_EQ(advice.basis, Basis::kExtrapolated);
  EXPECT_THAT(Ask({.connections = 5000, .active = 10}).reservations,
              Contains(HasSubstr("5000 connections is beyond")));
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
