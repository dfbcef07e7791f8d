// `polymux report --fail-if` as CI runs it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "bench/lab/results.h"
#include "tests/bench/lab_samples.h"
#include "tests/bench/verbs/run_verb.h"

namespace polymux::bench {
namespace {

using testing::HasSubstr;

TEST(ReportFailIfTest, ExitCodes) {
  const std::string file = testing::TempDir() + "/results.json";
  WriteResults(SampleResults(), file);
  const auto run = [&](const std::string& condition) {
    return RunVerb({"report", file, "--fail-if", condition});
  };
  EXPECT_EQ(run("small/base.cpu > 1s").exit_code, 0);
  EXPECT_EQ(run("small/base.cpu > 1us").exit_code, 4);
  EXPECT_EQ(run("crowd/low.cpu > 1us").exit_code, 3);
  EXPECT_EQ(run("small/nobody.cpu > 1us").exit_code, 2);
  const VerbOutcome typo = run("small/base.cpu > 1");
  EXPECT_EQ(typo.exit_code, 2);
  EXPECT_THAT(typo.errors, HasSubstr("position 18"));
}

// As compare's.
TEST(ReportFailIfTest, ResultsThatLackAnArmAreInvalid) {
  const std::string file = testing::TempDir() + "/lacking.json";
  Results results = SampleResults();
  for (Trial& trial : results.trials) {
    if (trial.slot.arm == 2) trial.invalid = "mismatch at byte 7";
  }
  WriteResults(results, file);
  EXPECT_EQ(RunVerb({"report", file}).exit_code, 3);
  EXPECT_EQ(
      RunVerb({"report", file, "--fail-if", "small/base.cpu > 1us"}).exit_code,
      4);
  results.trials.clear();
  WriteResults(results, file);
  EXPECT_EQ(RunVerb({"report", file}).exit_code, 3);
}

// The answer says so as well.
TEST(ReportFailIfTest, AnArmThatFailsOftenIsInvalid) {
  const std::string file = testing::TempDir() + "/often.json";
  Results results = SampleResults();
  results.plan.rounds = 20;
  results.trials.clear();
  for (const Slot& slot : Schedule(results.plan)) {
    results.trials.push_back(SampleTrial(results.plan, slot, 10));
    if (slot.arm == 2 && slot.scenario == 1 && slot.round < 3) {
      results.trials.back().invalid = "mismatch at byte 7";
    }
  }
  WriteResults(results, file);
  const VerbOutcome outcome = RunVerb({"report", file});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.output,
              HasSubstr("DO NOT USE: 3 of 20 trials of raw in crowd are "));
}

}  // namespace
}  // namespace polymux::bench
