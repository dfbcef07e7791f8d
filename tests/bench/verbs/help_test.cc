// `polymux VERB --help` as a user reads it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "bench/peers/peers.h"
#include "tests/bench/verbs/run_verb.h"

namespace polymux::bench {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::IsEmpty;

class HelpTest : public testing::TestWithParam<const char*> {};

TEST_P(HelpTest, Fits80ColumnsAndHasAnExample) {
  const VerbOutcome outcome = RunVerb({GetParam(), "--help"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.errors, IsEmpty());
  EXPECT_THAT(outcome.output, HasSubstr("Usage: polymux "));
  EXPECT_THAT(outcome.output, ContainsRegex("\n  (polymux|echo_server) "));
  EXPECT_THAT(outcome.output, ContainsRegex("Exit codes?: 0"));
  std::istringstream lines(outcome.output);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 80u) << line;
  }
}

INSTANTIATE_TEST_SUITE_P(Verbs, HelpTest,
                         testing::Values("compare", "report", "advise", "diff",
                                         "doctor", "trace", "list", "serve",
                                         "peer", "load"),
                         [](const auto& verb) {
                           return std::string(verb.param);
                         });

TEST(HelpOfVerbTest, WhatTakesConditionsListsTheirMetrics) {
  for (const char* verb : {"compare", "report", "diff"}) {
    EXPECT_THAT(RunVerb({verb, "--help"}).output,
                HasSubstr("system_calls_per_message"))
        << verb;
  }
}

TEST(HelpOfVerbTest, OfPeerListsThem) {
  const VerbOutcome outcome = RunVerb({"peer", "--help"});
  for (const Peer& peer : Peers()) {
    EXPECT_THAT(outcome.output, HasSubstr("  " + std::string(peer.name) + " "));
  }
  EXPECT_EQ(RunVerb({"peer"}).exit_code, 2);
  EXPECT_EQ(RunVerb({"peer", "nginx"}).exit_code, 2);
}

}  // namespace
}  // namespace polymux::bench
