#include "bench/lab/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "tests/bench/lab_samples.h"

namespace polymux::bench {
namespace {

// What is told of all trials of the sample, of which the second is invalid.
std::string Told(bool rewrites) {
  const Results results = SampleResults();
  const std::vector<Slot> slots = Schedule(results.plan);
  std::string told;
  Progress progress(results.plan, slots, rewrites,
                    [&told](std::string_view text) { told += text; });
  for (std::size_t i = 0; i < slots.size(); ++i) {
    Trial trial = results.trials[i];
    if (i == 1) trial.invalid = "broken";
    progress.Starting(slots[i]);
    progress.Finished(trial);
  }
  return told;
}

TEST(ProgressTest, ALinePerRoundWhereThereIsNoTerminal) {
  const Results results = SampleResults();
  const Slot second = Schedule(results.plan)[1];
  EXPECT_EQ(Told(false), "round 1: small, " +
                             results.plan.arms[second.arm].name +
                             ": invalid: broken\n"
                             "round 1 of 3 done, about 0 s left\n"
                             "round 2 of 3 done, about 0 s left\n"
                             "round 3 of 3 done, about 0 s left\n");
}

TEST(ProgressTest, OneLineThatIsRewrittenOnATerminal) {
  const std::string told = Told(true);
  EXPECT_THAT(told, testing::StartsWith("\r\x1b[Kround 1 of 3: "));
  EXPECT_THAT(told, testing::Not(testing::HasSubstr("done")));
  // What is invalid stays.
  EXPECT_EQ(std::ranges::count(told, '\n'), 1);
}

}  // namespace
}  // namespace polymux::bench
