#include "bench/report/strip_plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/bench/lab_samples.h"

namespace polymux::bench {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string Plots(const Results& results) {
  return StripPlots(results, Analyze(results.plan, results.trials));
}

TEST(StripPlotTest, AMarkForEachTrial) {
  const Results results = SampleResults();
  const std::string plots = Plots(results);
  std::size_t marks = 0;
  for (std::size_t at = plots.find("<title>"); at != std::string::npos;
       at = plots.find("<title>", at + 1)) {
    ++marks;
  }
  EXPECT_EQ(marks, results.trials.size());
  EXPECT_THAT(plots, HasSubstr("base, round 1: 10.0 µs per message"));
  EXPECT_THAT(plots, Not(HasSubstr("mark tainted")));
  EXPECT_THAT(plots, Not(HasSubstr("mark invalid")));
}

TEST(StripPlotTest, MarksWhatWasRepeatedAndWhatDoesNotCount) {
  Results results = SampleResults();
  Trial again = results.trials[0];
  again.slot.attempt = 1;
  results.trials.push_back(again);
  // Undisturbed, but of a round in which another arm was.
  EXPECT_THAT(Plots(results), Not(HasSubstr("mark tainted")));
  EXPECT_THAT(Plots(results), HasSubstr(", round repeated"));
  results.trials[2].load.steal_ns = results.trials[2].load.window_ns / 2;
  EXPECT_THAT(Plots(results), HasSubstr("mark tainted"));
  results.trials[1].invalid = "broken";
  EXPECT_THAT(Plots(results), HasSubstr("INVALID: broken"));
}

TEST(StripPlotTest, WithoutTrialsThereIsNone) {
  Results results = SampleResults();
  results.trials.clear();
  EXPECT_EQ(Plots(results), "");
}

}  // namespace
}  // namespace polymux::bench
