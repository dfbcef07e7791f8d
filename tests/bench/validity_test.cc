#include "bench/lab/validity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/bench/lab_samples.h"

namespace polymux::bench {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

bool IsUsable(const Results& results) {
  return bench::IsUsable(results.plan, Analyze(results.plan, results.trials));
}

std::vector<std::string> InvalidArms(const Results& results) {
  return bench::InvalidArms(results.plan,
                            Analyze(results.plan, results.trials));
}

// SampleResults of so many rounds, of which so many are invalid for "raw" in
// "crowd".
Results WithInvalid(int rounds, int invalid) {
  Results results = SampleResults();
  results.plan.rounds = rounds;
  results.trials.clear();
  for (const Slot& slot : Schedule(results.plan)) {
    results.trials.push_back(SampleTrial(results.plan, slot, 10));
    if (slot.arm == 2 && slot.scenario == 1 && slot.round < invalid) {
      results.trials.back().invalid = "byte 7 differs";
    }
  }
  return results;
}

TEST(ValidityTest, AnArmThatCannotTakePartIsNotLacking) {
  // "low" is not in "crowd".
  EXPECT_TRUE(IsUsable(SampleResults()));
  EXPECT_THAT(InvalidArms(SampleResults()), IsEmpty());
}

TEST(ValidityTest, AsManyAsThePlanAllowsMayBeInvalid) {
  EXPECT_TRUE(IsUsable(WithInvalid(20, 2)));
  EXPECT_THAT(InvalidArms(WithInvalid(20, 2)), IsEmpty());
  const Results results = WithInvalid(20, 3);
  EXPECT_FALSE(IsUsable(results));
  EXPECT_THAT(InvalidArms(results),
              ElementsAre("3 of 20 trials of raw in crowd are invalid, more "
                          "than 10 %."));
}

TEST(ValidityTest, ThePlanSaysHowMany) {
  Results results = WithInvalid(20, 3);
  results.plan.max_invalid = 0.15;
  EXPECT_TRUE(IsUsable(results));
}

TEST(ValidityTest, AnArmWithoutAValidTrialIsLacking) {
  Results results = WithInvalid(3, 3);
  results.plan.max_invalid = 1;
  EXPECT_FALSE(IsUsable(results));
  EXPECT_THAT(InvalidArms(results), SizeIs(1));
  // Not yet, rather than invalid.
  results.trials.clear();
  EXPECT_FALSE(IsUsable(results));
  EXPECT_THAT(InvalidArms(results), IsEmpty());
}

TEST(ValidityTest, NothingCouldBeMeasured) {
  Results results = SampleResults();
  results.trials.clear();
  results.plan.descriptor_limit = 5;
  EXPECT_FALSE(IsUsable(results));
}

}  // namespace
}  // namespace polymux::bench
