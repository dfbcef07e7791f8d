#include "bench/report/latencies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/bench/lab_samples.h"

namespace polymux::bench {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::StartsWith;

TEST(LatenciesTest, AddsUpTheCountsOfTrialsThatCount) {
  Results results = SampleResults();
  // Three rounds of {2000: 600, 20000: 400}.
  EXPECT_THAT(MergeLatencies(results, 0, 0),
              ElementsAre(Pair(2000, 1800), Pair(20'000, 1200)));
  for (Trial& trial : results.trials) {
    if (trial.slot.round == 1) trial.invalid = "broken";
    if (trial.slot.round == 2) trial.load.histogram = {{3000, 5}};
  }
  EXPECT_THAT(MergeLatencies(results, 0, 0),
              ElementsAre(Pair(2000, 600), Pair(3000, 5), Pair(20'000, 400)));
  // This arm has no part in this scenario.
  EXPECT_TRUE(MergeLatencies(results, 1, 1).empty());
}

// As the tables do: the last untainted attempt of a round.
TEST(LatenciesTest, ATrialThatWasRepeatedIsNotCountedTwice) {
  Results results = SampleResults();
  Trial again = results.trials[0];
  again.slot.attempt = 1;
  again.load.histogram = {{3000, 7}};
  results.trials[0].load.steal_ns = 900'000'000;
  results.trials[0].load.histogram = {{9000, 7}};
  results.trials.push_back(again);
  const auto counts =
      MergeLatencies(results, again.slot.scenario, again.slot.arm);
  EXPECT_THAT(counts, Contains(Pair(3000, 7)));
  EXPECT_FALSE(counts.contains(9000));
}

TEST(LatenciesTest, WithoutHistogramsOfTheTrialsTheMergedOnesCount) {
  Results results = SampleResults();
  results.latencies = {{0, 0, {{3000, 7}}}, {0, 1, {{4000, 7}}}};
  EXPECT_THAT(MergeLatencies(results, 0, 1), Not(Contains(Pair(4000, 7))));
  for (Trial& trial : results.trials) trial.load.histogram.clear();
  EXPECT_THAT(MergeLatencies(results, 0, 1), ElementsAre(Pair(4000, 7)));
  EXPECT_TRUE(MergeLatencies(results, 1, 0).empty());
}

TEST(LatenciesTest, LargerBucketsHoldTheSameCounts) {
  const LatencyCounts counts{{100, 1}, {129, 2}, {130, 3}, {88'575, 4}};
  EXPECT_EQ(Coarsen(counts, 7), counts);
  // Steps of 8 up to 127, of 16 up to 255, of 8192 up to 131071.
  EXPECT_THAT(Coarsen(counts, 3),
              ElementsAre(Pair(103, 1), Pair(143, 5), Pair(90'111, 4)));
}

TEST(LatenciesTest, WritesWhatHdrHistogramReads) {
  const std::string text =
      RenderHgrm({{1000, 50}, {2000, 40}, {4000, 9}, {64'000, 1}});
  EXPECT_THAT(text, StartsWith("       Value     Percentile TotalCount "
                               "1/(1-Percentile)\n\n"
                               "       1.000 0.000000000000         50"
                               "           1.00\n"));
  // The level of 50 % belongs to the first bucket, the next one to the second.
  EXPECT_THAT(text, HasSubstr("       1.000 0.500000000000         50"
                              "           2.00\n"
                              "       2.000 0.550000000000         90"));
  EXPECT_THAT(text, HasSubstr("\n      64.000 1.000000000000        100\n#["));
  EXPECT_THAT(text, HasSubstr("#[Mean    =        2.300, StdDeviation   ="));
  EXPECT_THAT(text, HasSubstr("#[Max     =       64.000, Total count    ="
                              "          100]\n"));
}

TEST(LatenciesTest, OneValueIsADistributionToo) {
  EXPECT_THAT(RenderHgrm({{1000, 3}}),
              HasSubstr("\n       1.000 1.000000000000          3\n"));
}

}  // namespace
}  // namespace polymux::bench
