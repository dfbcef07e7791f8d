#include "apps/flag_values.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace polymux {
namespace {

using std::chrono::nanoseconds;

template <typename Function>
std::string MessageOf(Function function) {
  try {
    function();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

struct Flags {
  nanoseconds duration = std::chrono::seconds(3);
  std::size_t size = 4096;
  CountOrPercent active{10, true};
};

struct Outcome {
  std::optional<int> exit_code;
  std::string out;
  std::string err;
  Flags flags;
};

Outcome Parse(std::vector<const char*> arguments) {
  Outcome outcome;
  CLI::App app("What it does.");
  AddDuration(app, "-d,--duration", outcome.flags.duration, "How long");
  AddSize(app, "--size", outcome.flags.size, "How much");
  AddCountOrPercent(app, "--active", outcome.flags.active, "How many");
  arguments.insert(arguments.begin(), "program");
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  outcome.exit_code =
      ParseFlags(app, static_cast<int>(arguments.size()), arguments.data());
  outcome.out = testing::internal::GetCapturedStdout();
  outcome.err = testing::internal::GetCapturedStderr();
  return outcome;
}

TEST(ParseDuration, EveryUnit) {
  EXPECT_EQ(ParseDuration("7ns"), nanoseconds(7));
  EXPECT_EQ(ParseDuration("7us"), nanoseconds(7'000));
  EXPECT_EQ(ParseDuration("500ms"), nanoseconds(500'000'000));
  EXPECT_EQ(ParseDuration("3s"), std::chrono::seconds(3));
  EXPECT_EQ(ParseDuration("2m"), std::chrono::minutes(2));
  EXPECT_EQ(ParseDuration("2min"), std::chrono::minutes(2));
  EXPECT_EQ(ParseDuration("0s"), nanoseconds(0));
  EXPECT_EQ(ParseDuration("010s"), std::chrono::seconds(10));
}

TEST(ParseDuration, BareNumberNeedsAUnit) {
  EXPECT_EQ(MessageOf([] { ParseDuration("3"); }),
            "'3': a duration needs a unit, like 500ms or 3s");
}

TEST(ParseDuration, RefusesEverythingElse) {
  for (const char* text : {"", "s", "-3s", "+3s", "1.5s", " 3s", "3 s", "3h",
                           "3S", "3ss", "0x3s", "99999999999999999999s"}) {
    EXPECT_NE(MessageOf([text] { ParseDuration(text); }), "") << text;
  }
}

TEST(ParseDuration, RefusesWhatDoesNotFitInNanoseconds) {
  EXPECT_EQ(ParseDuration("9223372036s"), nanoseconds(9223372036'000'000'000));
  EXPECT_EQ(MessageOf([] { ParseDuration("9223372037s"); }),
            "'9223372037s': too large");
}

TEST(ParseSize, PlainAndWithUnits) {
  EXPECT_EQ(ParseSize("0"), 0U);
  EXPECT_EQ(ParseSize("100"), 100U);
  EXPECT_EQ(ParseSize("4k"), 4096U);
  EXPECT_EQ(ParseSize("16K"), 16384U);
  EXPECT_EQ(ParseSize("1m"), 1048576U);
  EXPECT_EQ(ParseSize("2G"), 2147483648U);
}

TEST(ParseSize, RefusesEverythingElse) {
  for (const char* text : {"", "k", "-1", "+1", "1.5k", "4 k", "4kb", "4t",
                           "99999999999g", "18446744073709551616"}) {
    EXPECT_NE(MessageOf([text] { ParseSize(text); }), "") << text;
  }
}

TEST(ParseCountOrPercent, Both) {
  EXPECT_EQ(ParseCountOrPercent("50").Of(500), 50U);
  EXPECT_EQ(ParseCountOrPercent("10%").Of(500), 50U);
  EXPECT_EQ(ParseCountOrPercent("100%").Of(500), 500U);
  EXPECT_EQ(ParseCountOrPercent("0%").Of(500), 0U);
  for (const char* text : {"", "%", "101%", "-1", "5%%", "5.5%", "5 %"}) {
    EXPECT_NE(MessageOf([text] { ParseCountOrPercent(text); }), "") << text;
  }
}

TEST(CountOrPercent, RoundsButNeverToNothing) {
  EXPECT_EQ((CountOrPercent{10, true}).Of(14), 1U);
  EXPECT_EQ((CountOrPercent{10, true}).Of(15), 2U);
  EXPECT_EQ((CountOrPercent{1, true}).Of(10), 1U);
  EXPECT_EQ((CountOrPercent{1, true}).Of(0), 0U);
}

TEST(Format, IsReadBackAsTheSame) {
  EXPECT_EQ(FormatDuration(nanoseconds(0)), "0s");
  EXPECT_EQ(FormatDuration(nanoseconds(1'500'000'000)), "1500ms");
  EXPECT_EQ(FormatDuration(std::chrono::seconds(120)), "2m");
  EXPECT_EQ(FormatSize(0), "0");
  EXPECT_EQ(FormatSize(100), "100");
  EXPECT_EQ(FormatSize(65536), "64k");
  for (std::int64_t count : {1L, 999L, 1'000L, 90'000'000'000L}) {
    const nanoseconds duration(count);
    EXPECT_EQ(ParseDuration(FormatDuration(duration)), duration);
  }
}

TEST(ParseFlags, BindsValues) {
  const Outcome outcome =
      Parse({"-d", "500ms", "--size=16k", "--active", "25%"});
  EXPECT_EQ(outcome.exit_code, std::nullopt) << outcome.err;
  EXPECT_EQ(outcome.flags.duration, nanoseconds(500'000'000));
  EXPECT_EQ(outcome.flags.size, 16384U);
  EXPECT_EQ(outcome.flags.active.Of(8), 2U);
}

TEST(ParseFlags, KeepsDefaults) {
  const Outcome outcome = Parse({});
  EXPECT_EQ(outcome.exit_code, std::nullopt);
  EXPECT_EQ(outcome.flags.duration, std::chrono::seconds(3));
  EXPECT_EQ(outcome.flags.size, 4096U);
}

TEST(ParseFlags, HelpGoesToStdoutWithDefaults) {
  const Outcome outcome = Parse({"--help"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.err, "");
  for (const char* part : {"What it does.", "DURATION=3s", "SIZE=4k", "=10%"}) {
    EXPECT_NE(outcome.out.find(part), std::string::npos) << part << " in\n"
                                                         << outcome.out;
  }
}

TEST(ParseFlags, UsageErrorNamesTheFlag) {
  const Outcome outcome = Parse({"-d", "3"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err.substr(0, outcome.err.find('\n')),
            "--duration: '3': a duration needs a unit, like 500ms or 3s");
}

TEST(ParseFlags, UsageErrorIsPrintable) {
  const Outcome outcome = Parse({"\x1b[2J", "--size", "\x9b"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.err.find_first_of("\x1b\x9b"), std::string::npos)
      << outcome.err;
}

TEST(ParseFlags, EveryUsageErrorIsTwo) {
  EXPECT_EQ(Parse({"--unknown"}).exit_code, 2);
  EXPECT_EQ(Parse({"--size"}).exit_code, 2);
  EXPECT_EQ(Parse({"--size", "4x"}).exit_code, 2);
  EXPECT_EQ(Parse({"stray"}).exit_code, 2);
}

}  // namespace
}  // namespace polymux
