// `polymux advise` as a user runs it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "bench/lab/results.h"
#include "tests/bench/lab_samples.h"
#include "tests/bench/verbs/run_verb.h"

namespace polymux::bench {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class AdviseTest : public testing::Test {
 protected:
  AdviseTest() { WriteResults(SampleResults(), file_); }

  const std::string file_ = testing::TempDir() + "/results.json";
};

TEST_F(AdviseTest, SaysWhatToUseAndWhatWouldSettleIt) {
  const VerbOutcome outcome =
      RunVerb({"advise", file_, "--connections", "900", "--active", "1%"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output, AllOf(StartsWith("The results do not tell"),
                                    HasSubstr("Use base")));
  EXPECT_THAT(outcome.output,
              HasSubstr("--connections 900 --active 9 --size 100"));
  std::istringstream lines(outcome.output);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 80u) << line;
  }
}

TEST_F(AdviseTest, RefusesWhatIsTooFar) {
  const VerbOutcome outcome =
      RunVerb({"advise", file_, "--connections", "1000000", "--active", "10"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.output, "");
  EXPECT_THAT(outcome.errors, HasSubstr("more than 10 times the 210"));
}

TEST_F(AdviseTest, AnotherSizeHasNoMicroseconds) {
  const VerbOutcome outcome = RunVerb({"advise", file_, "--connections", "10",
                                       "--active", "10", "--size", "64k"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output, HasSubstr("n/a"));
  EXPECT_THAT(outcome.output, Not(HasSubstr(" us of server CPU")));
}

TEST_F(AdviseTest, WhatNobodyShouldQuoteComesFirst) {
  Results results = SampleResults();
  results.trials[0].build->sanitizer = "address";
  results.complete = false;
  WriteResults(results, file_);
  const VerbOutcome outcome =
      RunVerb({"advise", file_, "--connections", "900", "--active", "1%"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output, AllOf(StartsWith("DO NOT QUOTE: not an "),
                                    HasSubstr("the run was interrupted: ")));
}

TEST_F(AdviseTest, Errors) {
  EXPECT_EQ(RunVerb({"advise", file_}).exit_code, 2);
  EXPECT_EQ(RunVerb({"advise", file_, "--connections", "0"}).exit_code, 2);
  EXPECT_EQ(RunVerb({"advise", file_, "--connections", "5", "--active", "6"})
                .exit_code,
            2);
  EXPECT_EQ(RunVerb({"advise", "/nonexistent", "--connections", "5"}).exit_code,
            1);
}

}  // namespace
}  // namespace polymux::bench
