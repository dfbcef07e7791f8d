#include "bench/lab/analysis.h"

#include <gtest/gtest.h>

#include "bench/lab/metrics.h"
#include "tests/bench/lab_samples.h"

namespace polymux::bench {
namespace {

TEST(AnalysisTest, SummarizesByTheMedian) {
  EXPECT_FALSE(Summarize({}));
  const Summary odd = *Summarize({3, 1, 2});
  EXPECT_EQ(odd.median, 2);
  EXPECT_EQ(odd.min, 1);
  EXPECT_EQ(odd.max, 3);
  EXPECT_EQ(Summarize({4, 1, 2, 3})->median, 2.5);
  EXPECT_EQ(Summarize({7})->median, 7);
}

TEST(AnalysisTest, ACellForEachArmInEachScenario) {
  const Results results = SampleResults();
  const auto cells = Analyze(results.plan, results.trials).cells;
  ASSERT_EQ(cells.size(), 6u);
  EXPECT_EQ(cells[0].valid_trials, 3);
  const Summary cost = *cells[0].Find(kPrimaryMetric);
  EXPECT_EQ(cost.median, 11);
  EXPECT_EQ(cost.min, 10);
  EXPECT_EQ(cost.max, 12);
  EXPECT_EQ(cells[4].arm, 1u);
  EXPECT_NE(cells[4].obstacle, "");
  EXPECT_EQ(cells[4].valid_trials, 0);
}

TEST(AnalysisTest, RatiosAreToTheBaselineOfTheSameRound) {
  Results results = SampleResults();
  for (Trial& trial : results.trials) {
    // Over the medians, the ratio would be 2.
    if (trial.slot.scenario == 0 && trial.slot.arm == 2) {
      trial.load.server_cpu_ns =
          (trial.slot.round == 0 ? 30'000'000 : 22'000'000);
    }
  }
  const auto cells = Analyze(results.plan, results.trials).cells;
  EXPECT_FALSE(cells[0].ratio);
  EXPECT_EQ(cells[1].ratio->median, 0.5);
  const Summary ratio = *cells[2].ratio;
  EXPECT_DOUBLE_EQ(ratio.median, 2.0);
  EXPECT_DOUBLE_EQ(ratio.min, 22.0 / 12);
  EXPECT_DOUBLE_EQ(ratio.max, 3.0);
}

TEST(AnalysisTest, InvalidTrialsCountOnlyAsInvalid) {
  Results results = SampleResults();
  for (Trial& trial : results.trials) {
    if (trial.slot.arm == 0 && trial.slot.round == 1) trial.invalid = "broken";
  }
  const auto cells = Analyze(results.plan, results.trials).cells;
  EXPECT_EQ(cells[0].valid_trials, 2);
  EXPECT_EQ(cells[0].invalid_trials, 1);
  EXPECT_EQ(cells[0].first_reason, "broken");
  EXPECT_EQ(cells[0].Find(kPrimaryMetric)->median, 11);  // of 10 and 12
  EXPECT_EQ(cells[2].ratio->median, 1);
}

TEST(AnalysisTest, WithoutTrialsNothingIsKnown) {
  const auto cells = Analyze(SamplePlan(), {}).cells;
  ASSERT_EQ(cells.size(), 6u);
  EXPECT_FALSE(cells[0].Find(kPrimaryMetric));
  EXPECT_FALSE(cells[1].ratio);
}

}  // namespace
}  // namespace polymux::bench
