#include "bench/report/call_bars.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/bench/lab_samples.h"

namespace polymux::bench {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string Bars(const Results& results) {
  return CallBars(results, Analyze(results.plan, results.trials));
}

TEST(CallBarsTest, CallsForEachMessage) {
  // 600 reads, 500 writes and 50 waits for 500 messages; "raw" has no counters.
  EXPECT_THAT(Bars(SampleResults()),
              AllOf(HasSubstr("base: 1.20 reads per message"),
                    HasSubstr("base: 1.00 writes per message"),
                    HasSubstr(">2.30</text>"), Not(HasSubstr("raw:"))));
}

// As in the table of the same report.
TEST(CallBarsTest, AFanOutCountsWhatIsWritten) {
  Results results = SampleResults();
  results.plan.scenarios[0].fan_out = true;
  results.plan.scenarios.resize(1);
  std::erase_if(results.trials,
                [](const Trial& trial) { return trial.slot.scenario > 0; });
  for (Trial& trial : results.trials) {
    if (trial.counters) trial.counters->counters["bytes_written"] = 100'000;
  }
  EXPECT_THAT(Bars(results), HasSubstr(">1.15</text>"));
}

TEST(CallBarsTest, WithoutCountersThereAreNone) {
  Results results = SampleResults();
  for (Trial& trial : results.trials) trial.counters.reset();
  EXPECT_EQ(Bars(results), "");
}

}  // namespace
}  // namespace polymux::bench
