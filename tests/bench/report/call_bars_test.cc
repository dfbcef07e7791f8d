#include "bench/report/call_bars.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <vector>

#include "tests/bench/lab_samples.h"

namespace polymux::bench {
namespace {

using testing::AllOf;
using testing::Each;
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

// As the tables do: the last untainted attempt of a round.
TEST(CallBarsTest, ATrialThatWasRepeatedIsNotCountedTwice) {
  Results results = SampleResults();
  const auto once = results.trials;
  for (const Trial& trial : once) {
    if (!trial.counters) continue;
    // Two bad attempts outweigh the good one in a median over all.
    for (const int attempt : {1, 2}) {
      Trial bad = trial;
      bad.slot.attempt = attempt;
      bad.load.steal_ns = 900'000'000;
      bad.counters->counters["reads"] *= 3;
      results.trials.push_back(bad);
    }
  }
  EXPECT_THAT(Bars(results), HasSubstr("base: 1.20 reads per message"));
}

// The class that gives each call its colour, in the order drawn.
std::vector<std::string> StylesOf(const std::string& bars,
                                  const std::string& call) {
  std::vector<std::string> styles;
  const std::regex segment("class=\"call (c[0-9]+)\"[^>]*><title>[^<]* " +
                           call + " per message");
  for (std::sregex_iterator i(bars.begin(), bars.end(), segment), end; i != end;
       ++i) {
    styles.push_back((*i)[1]);
  }
  return styles;
}

TEST(CallBarsTest, ACallLooksTheSameInEveryPanel) {
  Results results = SampleResults();
  for (Trial& trial : results.trials) {
    // In the second panel writes outnumber reads.
    if (!trial.counters || trial.slot.scenario == 0) continue;
    trial.counters->counters["reads"] = 100;
  }
  const std::string bars = Bars(results);
  const auto reads = StylesOf(bars, "reads");
  ASSERT_EQ(reads.size(), 3u);  // "base" twice, "low" once
  EXPECT_THAT(reads, Each(reads[0]));
  const auto writes = StylesOf(bars, "writes");
  ASSERT_EQ(writes.size(), 3u);
  EXPECT_THAT(writes, Each(Not(reads[0])));
}

TEST(CallBarsTest, WhatIsBeyondTheColoursSharesTheLast) {
  Results results = SampleResults();
  for (Trial& trial : results.trials) {
    if (!trial.counters) continue;
    for (int i = 0; i < 12; ++i) {
      const std::string name =
          fmt::format("call{}", static_cast<char>('A' + i));
      trial.counters->counters[name] = 5000 - 100 * i;
      trial.counters->system_calls.push_back(name);
    }
  }
  EXPECT_THAT(Bars(results),
              AllOf(HasSubstr("callG</li>"),
                    HasSubstr("callH, callI, callJ, callK, callL, ")));
}

TEST(CallBarsTest, WithoutCountersThereAreNone) {
  Results results = SampleResults();
  for (Trial& trial : results.trials) trial.counters.reset();
  EXPECT_EQ(Bars(results), "");
}

}  // namespace
}  // namespace polymux::bench
