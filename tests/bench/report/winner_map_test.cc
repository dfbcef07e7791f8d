#include "bench/report/winner_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/bench/lab_samples.h"

namespace polymux::bench {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// A message costs "base" 10 us; the others, in odd and in even rounds, so much.
std::string MapOf(double low_odd, double low_even, double raw) {
  Results results;
  results.plan = SamplePlan();
  results.plan.rounds = 20;
  results.plan.arms[1].max_fd.reset();
  for (const Slot& slot : Schedule(results.plan)) {
    const double low = slot.round % 2 == 0 ? low_even : low_odd;
    const double cpu_us = slot.arm == 0 ? 10 : slot.arm == 1 ? low : raw;
    results.trials.push_back(SampleTrial(results.plan, slot, cpu_us));
  }
  return WinnerMap(results, Analyze(results.plan, results.trials));
}

TEST(WinnerMapTest, TheCheapestAndHowFarTheNextIs) {
  EXPECT_THAT(MapOf(7.5, 7.5, 9),
              AllOf(HasSubstr("<strong>low</strong> 7.50 µs"),
                    HasSubstr("raw +20 %"), Not(HasSubstr(" close"))));
  EXPECT_THAT(MapOf(12, 12, 11), AllOf(HasSubstr("<strong>base</strong>"),
                                       HasSubstr("raw +10 %")));
}

TEST(WinnerMapTest, NoWinnerWhereIntervalsOverlap) {
  EXPECT_THAT(MapOf(7, 13, 9.5),
              AllOf(HasSubstr("winner close"), Not(HasSubstr(" %</span>"))));
  // Too few rounds for an interval.
  const Results results = SampleResults();
  EXPECT_THAT(
      WinnerMap(results, Analyze(results.plan, results.trials)),
      AllOf(HasSubstr("<strong>low</strong>"), HasSubstr("winner close")));
}

TEST(WinnerMapTest, NotOfSeveralLoopsAmongScenariosOfOne) {
  Results results = SampleResults();
  results.plan.scenarios[1].reactors = 2;
  EXPECT_EQ(WinnerMap(results, Analyze(results.plan, results.trials)), "");
}

TEST(WinnerMapTest, OneWorkloadIsNoMap) {
  Results results = SampleResults();
  results.plan.scenarios.resize(1);
  std::erase_if(results.trials,
                [](const Trial& trial) { return trial.slot.scenario > 0; });
  EXPECT_EQ(WinnerMap(results, Analyze(results.plan, results.trials)), "");
}

}  // namespace
}  // namespace polymux::bench
