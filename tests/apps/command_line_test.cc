// Every option of every server and client, as its --help names them: values
// that make no sense are refused, whatever the option is for, with exit code 2
// and its name. An option of a type that this test does not know fails it, so
// that nobody adds one without a check.

#include <gtest/gtest.h>
#include <signal.h>

#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "tests/apps/process.h"

namespace polymux {
namespace {

struct Option {
  std::string name;
  std::string type;
};

constexpr int kWrongUsage = 2;

// Of each type, what no option takes.
const std::map<std::string, std::vector<std::string>>& Nonsense() {
  static const std::vector<std::string> kNumbers = {
      "",    " ",   "-1", "+1",   "0x10",
      "1e3", "1.5", "7 ", "many", "99999999999999999999"};
  static const std::map<std::string, std::vector<std::string>> kOfType = {
      {"N", kNumbers},
      {"PORT", {"", "-1", "0x1b58", "65536", "7000 ", "http"}},
      {"SIZE", {"", "-1", "4q", "k", "0x10", "1.5k", "17179869184g"}},
      {"DURATION", {"", "3", "s", "-3s", "1.5s", "3h", "9223372037s"}},
      {"NAME", {"", "nonsense"}},
      {"CODEC", {"", "nonsense", "fixed:", "fixed:0", "fixed:2m", "fixed:x"}},
      {"ADDRESS", {"", "localhost", "127.0.0.1:80", "1.2.3", "[::1]"}},
      {"FILE", {""}},
  };
  return kOfType;
}

// "  --reactors N=1   threads ...", "  --no-nodelay   ...".
std::vector<Option> OptionsOf(const std::vector<std::string>& program) {
  std::vector<std::string> command = program;
  command.emplace_back("--help");
  Process process(command);
  std::istringstream help(process.ReadToEnd());
  EXPECT_EQ(process.Wait(), 0);
  static const std::regex kOption(
      R"(^  (?:-\w,)?(--[a-z-]+)(?: ([^ =]+)(?:=\S*)?(?: REQUIRED)?)?(?: .*)?$)");
  std::vector<Option> options;
  std::smatch match;
  for (std::string line; std::getline(help, line);) {
    if (std::regex_match(line, match, kOption)) {
      options.push_back({match[1], match[2]});
    } else {
      EXPECT_NE(line.substr(0, 4), "  --") << "not understood: " << line;
    }
  }
  return options;
}

class CommandLineTest
    : public testing::TestWithParam<std::vector<std::string>> {
 protected:
  // Fails the test unless the flags are refused with a message that has `name`.
  static void ExpectRefused(const std::vector<std::string>& flags,
                            const std::string& name) {
    std::vector<std::string> command = GetParam();
    command.insert(command.end(), flags.begin(), flags.end());
    std::string shown;
    for (const std::string& word : command) shown += "'" + word + "' ";
    Process process(command);
    EXPECT_EQ(process.ReadToEnd().substr(0, 9), "") << shown;
    EXPECT_EQ(process.Wait(), kWrongUsage) << shown << process.Errors();
    EXPECT_NE(process.Errors().find(name), std::string::npos)
        << shown << process.Errors();
  }
};

INSTANTIATE_TEST_SUITE_P(
    Programs, CommandLineTest,
    testing::Values(std::vector<std::string>{"apps/echo_server"},
                    std::vector<std::string>{"apps/bank/bank_server"},
                    std::vector<std::string>{"apps/bank/bank_client", "--port",
                                             "7100"},
                    std::vector<std::string>{"apps/examples/discard"}),
    [](const auto& test) {
      return test.param[0].substr(test.param[0].rfind('/') + 1);
    });

TEST_P(CommandLineTest, NoOptionTakesNonsense) {
  const std::vector<Option> options = OptionsOf(GetParam());
  EXPECT_GE(options.size(), 2U);
  for (const Option& option : options) {
    if (option.type.empty()) continue;
    const auto nonsense = Nonsense().find(option.type);
    ASSERT_NE(nonsense, Nonsense().end())
        << option.name << " is of a type without examples: " << option.type;
    for (const std::string& value : nonsense->second) {
      ExpectRefused({option.name, value}, option.name);
    }
  }
}

class ServerCommandLineTest : public CommandLineTest {};

INSTANTIATE_TEST_SUITE_P(
    Programs, ServerCommandLineTest,
    testing::Values(std::vector<std::string>{"apps/echo_server"},
                    std::vector<std::string>{"apps/bank/bank_server"}),
    [](const auto& test) {
      return test.param[0].substr(test.param[0].rfind('/') + 1);
    });

TEST_P(ServerCommandLineTest, LimitsThatContradictEachOther) {
  const std::vector<std::vector<std::string>> contradictions = {
      {"--low-water", "2m", "--high-water", "1m"},
      {"--low-water", "2m"},
      {"--high-water", "100m"},
      {"--max-output", "1"},
  };
  for (const std::vector<std::string>& flags : contradictions) {
    ExpectRefused(flags, "water");
  }
}

TEST(EchoServerLimitsTest, OnesThatContradictEachOther) {
  const std::vector<std::vector<std::string>> contradictions = {
      {"--max-frame", "2g", "--codec", "length"},
      {"--max-frame", "1k", "--codec", "fixed:1025"},
      {"--fan-out", "--workers", "1"},
      {"--fan-out", "--work-us", "1"},
  };
  for (const std::vector<std::string>& flags : contradictions) {
    std::vector<std::string> command = {"apps/echo_server"};
    command.insert(command.end(), flags.begin(), flags.end());
    Process process(command);
    EXPECT_EQ(process.ReadToEnd(), "");
    EXPECT_EQ(process.Wait(), kWrongUsage) << flags[0] << process.Errors();
  }
}

// Whole numbers are decimal, and the extremes of each option are no trap.
TEST(EchoServerLimitsTest, ExtremesAreServed) {
  const std::vector<std::vector<std::string>> extremes = {
      {"--read-budget", "0"},
      {"--read-budget", "17179869183g"},
      {"--low-water", "0", "--high-water", "0", "--max-output", "0"},
      {"--max-output", "17179869183g", "--high-water", "17179869183g"},
      {"--linger-bytes", "17179869183g", "--linger-timeout", "0s"},
      {"--max-connections", "1073741824", "--max-per-ip", "1073741824"},
      {"--accepts-per-event", "1048576", "--backlog", "65535"},
      {"--accepts-per-event", "1", "--backlog", "1"},
      {"--reactors", "0", "--workers", "1", "--worker-queue", "1073741824"},
      {"--reactors", "016"},
      {"--idle-timeout", "9223372036854775807ns", "--drain-timeout",
       "9223372036854775807ns", "--codec", "fixed:1", "--max-frame", "1"},
      {"--idle-timeout", "1ns"},
      {"--codec", "length", "--max-frame", "0"},
  };
  for (const std::vector<std::string>& flags : extremes) {
    std::string shown;
    for (const std::string& word : flags) shown += word + " ";
    std::vector<std::string> command = {"apps/echo_server"};
    command.insert(command.end(), flags.begin(), flags.end());
    Process process(command);
    const std::string line = process.ReadLine();
    EXPECT_EQ(line.substr(0, 10), "listening ") << shown << process.Errors();
    if (flags[1] == "016") {
      EXPECT_TRUE(line.ends_with("reactors=16")) << line;
    }
    process.Signal(SIGTERM);
    EXPECT_EQ(process.Wait(), 0) << shown << process.Errors();
  }
}

}  // namespace
}  // namespace polymux
