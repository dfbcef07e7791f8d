// `polymux diff` as a user runs it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "bench/lab/results.h"
#include "tests/bench/lab_samples.h"
#include "tests/bench/verbs/run_verb.h"

namespace polymux::bench {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class DiffTest : public testing::Test {
 protected:
  DiffTest() {
    Results results = SampleResults();
    WriteResults(results, a_);
    for (Trial& trial : results.trials) {
      if (trial.slot.arm == 1) trial.load.server_cpu_ns = 20'000'000;
    }
    WriteResults(results, b_);
  }

  const std::string a_ = testing::TempDir() + "/a.json";
  const std::string b_ = testing::TempDir() + "/b.json";
};

TEST_F(DiffTest, Text) {
  const VerbOutcome outcome = RunVerb({"diff", a_, b_});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output, StartsWith("From A to B: "));
  EXPECT_THAT(outcome.output, HasSubstr("B/A, each over base"));
  std::istringstream lines(outcome.output);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 80u) << line;
  }
}

TEST_F(DiffTest, Json) {
  const VerbOutcome outcome = RunVerb({"diff", a_, b_, "--json"});
  const auto document = nlohmann::json::parse(outcome.output);
  EXPECT_EQ(document.at("baseline"), "base");
  EXPECT_EQ(document.at("differences").size(), 5u);
}

TEST_F(DiffTest, FailsUnderACondition) {
  const auto exit_code = [&](const std::string& condition) {
    return RunVerb({"diff", a_, b_, "--fail-if", condition}).exit_code;
  };
  EXPECT_EQ(exit_code("small/low.ratio > 110%"), 4);
  EXPECT_EQ(exit_code("small/raw.ratio > 110%"), 0);
  EXPECT_EQ(exit_code("small/base.ratio > 110%"), 0);
  EXPECT_EQ(exit_code("small/base.cpu > 1us"), 4);
  EXPECT_EQ(exit_code("crowd/low.ratio > 110%"), 3);
  EXPECT_EQ(exit_code("crowd/nobody.ratio > 110%"), 2);
  EXPECT_EQ(exit_code("what"), 2);
}

// As compare's.
TEST_F(DiffTest, TheMarginIsAPercentage) {
  EXPECT_EQ(RunVerb({"diff", a_, b_, "--margin", "2.5%"}).exit_code, 0);
  for (const char* margin : {"2", "nan", "nan%", "0%", "100%"}) {
    const VerbOutcome outcome = RunVerb({"diff", a_, b_, "--margin", margin});
    EXPECT_EQ(outcome.exit_code, 2) << margin;
    EXPECT_THAT(outcome.errors, HasSubstr("is no percentage such as 2%"));
  }
}

// What `compare --out old/1`, `compare --out old/2`, ... leave behind.
TEST_F(DiffTest, ADirectoryIsSeveralRuns) {
  const std::filesystem::path old = testing::TempDir() + "/old";
  for (const char* run : {"1", "2", "3"}) {
    std::filesystem::create_directories(old / run);
    std::filesystem::copy_file(a_, old / run / "results.json");
  }
  const VerbOutcome outcome = RunVerb({"diff", old, b_});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output, HasSubstr("3 runs of A and 1 run of B."));
  EXPECT_THAT(outcome.output, HasSubstr("hierarchical bootstrap"));
  const auto exit_code = [&](const std::string& condition) {
    return RunVerb({"diff", b_, old, "--fail-if", condition}).exit_code;
  };
  EXPECT_EQ(exit_code("small/low.ratio < 95%"), 4);
  EXPECT_EQ(exit_code("small/low.cpu > 1us"), 2) << "of which run?";
}

TEST_F(DiffTest, Errors) {
  const std::string empty = testing::TempDir() + "/empty";
  std::filesystem::create_directory(empty);
  const VerbOutcome nothing = RunVerb({"diff", a_, empty});
  EXPECT_EQ(nothing.exit_code, 1);
  EXPECT_THAT(nothing.errors, HasSubstr("no results.json in it"));

  EXPECT_EQ(RunVerb({"diff", a_}).exit_code, 2);
  const VerbOutcome outcome = RunVerb({"diff", a_, "/nonexistent.json"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("/nonexistent.json"));
}

}  // namespace
}  // namespace polymux::bench
