#include "bench/lab/scenario_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "bench/lab/usage_error.h"

namespace polymux::bench {
namespace {

using testing::EndsWith;
using testing::StartsWith;

std::string ErrorOf(std::string_view text) {
  try {
    ParseScenarios(text, "own.toml");
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ScenarioFileTest, EveryField) {
  const auto scenarios = ParseScenarios(R"(
[[scenario]]
name = "first"
active = 20
idle = 80
message_size = "4k"
depth = 3
messages_per_connection = 9
slow_readers = 2
reactors = 0

[[scenario]]
name = "second"
message_size = 60
rate = 12.5
arrivals = "constant"

[[scenario]]
name = "third"
burst = true

[[scenario]]
name = "fourth"
active = 5
fan_out = true
)",
                                        "own.toml");
  ASSERT_EQ(scenarios.size(), 4u);
  EXPECT_EQ(scenarios[0].name, "first");
  EXPECT_EQ(scenarios[0].active, 20);
  EXPECT_EQ(scenarios[0].idle, 80);
  EXPECT_EQ(scenarios[0].message_size, 4096u);
  EXPECT_EQ(scenarios[0].depth, 3);
  EXPECT_EQ(scenarios[0].messages_per_connection, 9);
  EXPECT_EQ(scenarios[0].slow_readers, 2);
  EXPECT_EQ(scenarios[0].reactors, 0);
  EXPECT_FALSE(scenarios[0].burst);
  EXPECT_EQ(scenarios[1].active, 1);
  EXPECT_EQ(scenarios[1].message_size, 60u);
  EXPECT_EQ(scenarios[1].rate, 12.5);
  EXPECT_EQ(scenarios[1].arrivals, Arrivals::kConstant);
  EXPECT_TRUE(scenarios[2].burst);
  EXPECT_FALSE(scenarios[2].rate);
  EXPECT_FALSE(scenarios[2].reactors);
  EXPECT_FALSE(scenarios[2].fan_out);
  EXPECT_TRUE(scenarios[3].fan_out);
}

TEST(ScenarioFileTest, TheExampleOfTheDocuments) {
  EXPECT_EQ(ReadScenarioFile("docs/scenarios.toml").size(), 3u);
}

TEST(ScenarioFileTest, AnErrorNamesTheLine) {
  EXPECT_EQ(ErrorOf("[[scenario]]\nname = \"a\"\nactiv = 3\n"),
            "own.toml:3: a scenario has no \"activ\"");
  EXPECT_EQ(ErrorOf("[[scenario]]\nname = \"a\"\n\nactive = 0\n"),
            "own.toml:4: active is a whole number from 1 to 1000000");
  EXPECT_THAT(ErrorOf("[[scenario]]\nname = \"a\"\nmessage_size = \"x\"\n"),
              StartsWith("own.toml:3: message_size: "));
  EXPECT_EQ(ErrorOf("[[scenario]]\nname = \"a\"\nmessage_size = 0\n"),
            "own.toml:3: message_size: a message has 1 byte to 1g");
  EXPECT_EQ(ErrorOf("[[scenario]]\nname = \"a\"\nmessage_size = \"2g\"\n"),
            "own.toml:3: message_size: a message has 1 byte to 1g");
  EXPECT_EQ(ErrorOf("[[scenario]]\nname = \"a\"\nreactors = 1000000\n"),
            "own.toml:3: reactors is a whole number from 0 to 1024");
  EXPECT_EQ(ErrorOf("[[scenario]]\nname = \"a\"\ndepth = 65537\n"),
            "own.toml:3: depth is a whole number from 1 to 65536");
  EXPECT_EQ(ErrorOf("[[scenario]]\nname = \"a\"\nslow_readers = 10001\n"),
            "own.toml:3: slow_readers is a whole number from 0 to 10000");
  EXPECT_EQ(ErrorOf("\n[[scenario]]\nactive = 3\n"),
            "own.toml:2: a scenario needs a name");
  EXPECT_EQ(ErrorOf("[[scenario]]\nname = \"a b\"\n"),
            "own.toml:2: a name consists of letters, digits, \"-_.\"");
  EXPECT_EQ(ErrorOf("[[scenario]]\nname = \"a\"\nrate = 5\ndepth = 2\n"),
            "own.toml:1: scenario \"a\": a rate and a burst have a depth of 1");
  EXPECT_EQ(ErrorOf("[[scenario]]\nname = \"a\"\n[[scenario]]\nname = \"a\"\n"),
            "own.toml:3: scenario \"a\" is there already");
  EXPECT_EQ(ErrorOf("\nother = 1\n"), "own.toml:2: there is no key \"other\"");
  EXPECT_EQ(ErrorOf("scenario = 1\n"),
            "own.toml:1: scenarios begin with [[scenario]]");
  EXPECT_THAT(ErrorOf("[[scenario]]\nname = \n"), StartsWith("own.toml:2: "));
  EXPECT_EQ(ErrorOf(""), "own.toml: no [[scenario]]");
}

std::string Repeated(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

// Each level takes some stack of toml++.
TEST(ScenarioFileTest, NestingIsBoundedBeforeItIsRead) {
  constexpr int kDeep = 200'000;
  const std::string begin = "[[scenario]]\nname = \"a\"\n";
  for (const std::string& text : {
           "x" + Repeated(".x", kDeep) + " = 1\n",
           "x" + Repeated(" . 'x'", kDeep) + " = 1\n",
           "x = " + Repeated("[", kDeep),
           "x = " + Repeated("{x=", kDeep),
           "[x" + Repeated(".\"x\"", kDeep) + "]\n",
           // After strings that hide nothing of this.
           "a = \"\\\\\"\nx" + Repeated(".x", kDeep) + " = 1\n",
           "a = \"\"\nx" + Repeated(".x", kDeep) + " = 1\n",
           "a = '''''\\'''\nx" + Repeated(".x", kDeep) + " = 1\n",
       }) {
    EXPECT_THAT(ErrorOf(begin + text),
                EndsWith("nested more than 16 levels deep"))
        << text.substr(0, 30);
  }
  EXPECT_EQ(ErrorOf(begin + "x" + Repeated(".x", 17) + " = 1\n"),
            "own.toml:3: nested more than 16 levels deep");
  EXPECT_THAT(ErrorOf(begin + "x" + Repeated(".x", 16) + " = 1\n"),
              EndsWith("a scenario has no \"x\""));
}

// Neither in strings nor in comments, and in each key anew.
TEST(ScenarioFileTest, DotsAndBracketsInTextAreNoNesting) {
  const std::string many = Repeated(".[{", 100);
  for (const std::string& text : {
           "x = 1 # " + many + "\n",
           "x = \"\\\"" + many + "\"\n",
           "x = '" + many + "'\n",
           "x = \"\"\"\n\\\"\"\"" + many + "\n\"\"\"\"\n",
           "x = '''\n''" + many + "\n'''\n",
           "x = [" + Repeated("1.5, ", 100) + "]\n",
           "x = [" + Repeated("[], {}, ", 100) + "]\n",
       }) {
    EXPECT_THAT(ErrorOf("[[scenario]]\nname = \"a\"\n" + text),
                EndsWith("a scenario has no \"x\""))
        << text;
  }
}

TEST(ScenarioFileTest, ListsAndNamesAreBounded) {
  const std::string longest(64, 'n');
  EXPECT_EQ(ErrorOf("[[scenario]]\nname = \"" + longest + "\"\n"), "no error");
  EXPECT_EQ(ErrorOf("[[scenario]]\nname = \"" + longest + "n\"\n"),
            "own.toml:2: a name has 64 characters at the most");
  EXPECT_EQ(ErrorOf(Repeated("[[scenario]]\n", 1001)),
            "own.toml:1: more than 1000 scenarios");
  EXPECT_THROW(ReadScenarioFile("/dev/zero"), UsageError);
}

// What is said of a key is printable, and short.
TEST(ScenarioFileTest, AnyTextMayBeAKey) {
  EXPECT_EQ(ErrorOf("\"\\u001b[2J\\r\" = 1\n"),
            R"(own.toml:1: there is no key "\x1b[2J\r")");
  EXPECT_LT(
      ErrorOf("[[scenario]]\n" + std::string(100'000, 'k') + " = 1\n").size(),
      200u);
}

TEST(ScenarioFileTest, AScenarioKnowsItsPlace) {
  const auto scenarios = ParseScenarios(
      "[[scenario]]\nname = \"a\"\n\n[[scenario]]\nname = \"b\"\n", "own.toml");
  ASSERT_EQ(scenarios.size(), 2u);
  EXPECT_EQ(scenarios[0].place, "own.toml:1");
  EXPECT_EQ(scenarios[1].place, "own.toml:4");
}

TEST(ScenarioFileTest, ADirectoryIsAUsageError) {
  EXPECT_THROW(ReadScenarioFile(testing::TempDir()), UsageError);
}

TEST(ScenarioFileTest, AFileThatIsNotThere) {
  try {
    ReadScenarioFile("/nonexistent/own.toml");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(),
                 "/nonexistent/own.toml: No such file or directory");
  }
}

}  // namespace
}  // namespace polymux::bench
