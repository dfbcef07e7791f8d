#include "bench/lab/validity.h"

#include <gtest/gtest.h>

#include "tests/bench/lab_samples.h"

namespace polymux::bench {
namespace {

bool LacksArm(const Results& results) {
  return bench::LacksArm(Analyze(results.plan, results.trials));
}

TEST(ValidityTest, AnArmThatCannotTakePartIsNotLacking) {
  // "low" is not in "crowd".
  EXPECT_FALSE(LacksArm(SampleResults()));
}

TEST(ValidityTest, OneValidTrialIsEnough) {
  Results results = SampleResults();
  for (Trial& trial : results.trials) {
    if (trial.slot.round > 0) trial.invalid = "byte 7 differs";
  }
  EXPECT_FALSE(LacksArm(results));
}

TEST(ValidityTest, AnArmWithoutAValidTrialIsLacking) {
  Results results = SampleResults();
  for (Trial& trial : results.trials) {
    if (trial.slot.arm == 2 && trial.slot.scenario == 1) {
      trial.invalid = "byte 7 differs";
    }
  }
  EXPECT_TRUE(LacksArm(results));
  results.trials.clear();
  EXPECT_TRUE(LacksArm(results));
}

TEST(ValidityTest, NothingCouldBeMeasured) {
  Results results = SampleResults();
  results.trials.clear();
  results.plan.descriptor_limit = 5;
  EXPECT_TRUE(LacksArm(results));
}

}  // namespace
}  // namespace polymux::bench
