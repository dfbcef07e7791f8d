#include "bench/lab/compare_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

#include "bench/lab/usage_error.h"

namespace polymux::bench {
namespace {

using testing::AllOf;
using testing::HasSubstr;

using std::chrono::milliseconds;

const std::vector<Arm> kBuiltIn{
    {.name = "select", .target = "select", .max_fd = 1023},
    {.name = "poll", .target = "poll"},
    {.name = "epoll-lt", .target = "epoll-lt"},
    {.name = "epoll-et", .target = "epoll-et"},
    {.name = "raw-epoll", .kind = ArmKind::kPeer, .target = "raw-epoll"}};

// The options of a command line, or its exit code.
std::variant<CompareOptions, int> Parse(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "polymux compare");
  std::vector<char*> argv;
  argv.reserve(arguments.size());
  for (std::string& argument : arguments) argv.push_back(argument.data());
  return ParseCompareOptions(static_cast<int>(argv.size()), argv.data());
}

Plan PlanOf(std::vector<std::string> arguments) {
  const std::vector<int> cpus{0, 1};
  return MakePlan(std::get<CompareOptions>(Parse(std::move(arguments))),
                  kBuiltIn, 20'000, cpus);
}

int ExitCodeOf(std::vector<std::string> arguments) {
  const auto parsed = Parse(std::move(arguments));
  const int* exit_code = std::get_if<int>(&parsed);
  return exit_code == nullptr ? -1 : *exit_code;
}

TEST(CompareOptionsTest, TheDefaultMeasuresUnderFiveMinutes) {
  const Plan plan = PlanOf({});
  EXPECT_EQ(plan.arms.size(), kBuiltIn.size() + 1);
  ASSERT_EQ(plan.scenarios.size(), 2u);
  EXPECT_EQ(plan.scenarios[0].name, "echo-100");
  EXPECT_EQ(plan.scenarios[1].name, "idle-900");
  EXPECT_EQ(plan.baseline, "epoll-lt");
  EXPECT_EQ(plan.control, "epoll-lt#2");
  EXPECT_EQ(plan.reactors, 1);
  EXPECT_LT(EstimateAll(plan), std::chrono::minutes(5));
}

TEST(CompareOptionsTest, ThePlanKnowsHowManyIdleConnectionsFit) {
  const Plan plan = PlanOf({"--scenarios", "idle-max"});
  ASSERT_EQ(plan.scenarios.size(), 1u);
  EXPECT_EQ(plan.scenarios[0].idle, MostIdle(plan, plan.scenarios[0]));
  EXPECT_GT(plan.scenarios[0].idle, 19'900);
  EXPECT_FALSE(plan.scenarios[0].idle_to_limit);
}

TEST(CompareOptionsTest, TwoMoreArmsStillMeasureUnderFiveMinutes) {
  const Plan plan = PlanOf({"--arm", "a=a {port}", "--arm", "b=b {port}"});
  EXPECT_EQ(plan.arms.size(), 8u);
  EXPECT_EQ(MostRounds(plan), 16);
  EXPECT_LT(EstimateAll(plan), std::chrono::minutes(5));
}

// More could not be added up, nor be read again.
TEST(CompareOptionsTest, AComparisonHasABound) {
  const auto refusal = [](const std::vector<std::string>& flags) {
    try {
      PlanOf(flags);
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_THAT(
      refusal({"--scenarios", "all", "--rounds", "10000"}),
      AllOf(HasSubstr("--rounds: "), HasSubstr(" trials; at most 1000000")));
  EXPECT_THAT(refusal({"--rounds", "10000", "--duration", "10000m"}),
              AllOf(HasSubstr("--rounds, --duration, --warm-up: "),
                    HasSubstr(" hours; at most 100000")));
  EXPECT_EQ(refusal({"--duration", "9223372036s"}),
            "--duration: at most 10000m, not 9223372036s");
  EXPECT_EQ(refusal({"--duration", "10000m"}), "no error");
}

TEST(CompareOptionsTest, PresetsAreWholeBlocks) {
  // 6 arms: 12 rounds are two squares, one of them with the CPUs swapped.
  EXPECT_EQ(MostRounds(PlanOf({"--quick"})), 12);
  EXPECT_EQ(MostRounds(PlanOf({"--standard"})), 24);
  EXPECT_EQ(MostRounds(PlanOf({"--rigorous"})), 36);
  // 5 arms.
  EXPECT_EQ(MostRounds(PlanOf({"--arms", "poll,select,epoll-lt,raw-epoll"})),
            20);
}

TEST(CompareOptionsTest, RoundsAreWholeBlocksButForATry) {
  EXPECT_EQ(MostRounds(PlanOf({"--rounds", "13"})), 24);
  EXPECT_EQ(MostRounds(PlanOf({"--rounds", "11"})), 11);
  EXPECT_EQ(ExitCodeOf({"--standard", "--rounds", "12"}), 2);
  EXPECT_EQ(ExitCodeOf({"--quick", "--rigorous"}), 2);
}

TEST(CompareOptionsTest, PrecisionAllowsMoreRounds) {
  EXPECT_FALSE(PlanOf({"--rigorous"}).precision);
  const Plan plan = PlanOf({"--rigorous", "--precision", "1.5%"});
  EXPECT_EQ(plan.precision, 0.015);
  EXPECT_EQ(plan.rounds, kPrecisionRounds);
  EXPECT_EQ(plan.least_rounds, kRigorousRounds);
  EXPECT_EQ(PlanOf({"--margin", "5%"}).margin, 0.05);
  EXPECT_EQ(ExitCodeOf({"--precision", "1"}), 2);
  EXPECT_EQ(ExitCodeOf({"--precision", "x%"}), 2);
  EXPECT_EQ(ExitCodeOf({"--margin", "0%"}), 2);
  EXPECT_EQ(ExitCodeOf({"--margin", "nan%"}), 2);
  EXPECT_EQ(PlanOf({}).margin, 0.02);
}

TEST(CompareOptionsTest, ASecondCopyThatIsThereIsTheControl) {
  const Plan plan = PlanOf({"--arms", "poll,poll"});
  EXPECT_EQ(plan.arms.size(), 2u);
  EXPECT_EQ(plan.control, "poll#2");
  EXPECT_EQ(PlanOf({"--arms", "poll,poll", "--baseline", "poll#2"}).control,
            "poll");
}

TEST(CompareOptionsTest, AWorkloadOfOnesOwn) {
  const Plan plan = PlanOf({"--connections", "500", "--active", "10%", "--size",
                            "4k", "--depth", "2"});
  ASSERT_EQ(plan.scenarios.size(), 1u);
  const Scenario& scenario = plan.scenarios[0];
  EXPECT_EQ(scenario.name, "custom");
  EXPECT_EQ(scenario.active, 50);
  EXPECT_EQ(scenario.idle, 450);
  EXPECT_EQ(scenario.message_size, 4096u);
  EXPECT_EQ(scenario.depth, 2);
}

TEST(CompareOptionsTest, ARateMakesAnOpenLoop) {
  const Plan plan = PlanOf(
      {"--connections", "5", "--rate", "20000", "--arrivals", "constant"});
  EXPECT_EQ(plan.scenarios[0].rate, 20'000);
  EXPECT_EQ(plan.scenarios[0].arrivals, Arrivals::kConstant);
  EXPECT_EQ(ExitCodeOf({"--rate", "0"}), 2);
  EXPECT_EQ(ExitCodeOf({"--arrivals", "bursts"}), 2);
  EXPECT_THROW(PlanOf({"--arrivals", "constant"}), UsageError);
  EXPECT_THROW(PlanOf({"--rate", "100", "--depth", "2"}), UsageError);
}

TEST(CompareOptionsTest, OnesOwnWorkloadBesideBuiltInOnes) {
  const Plan plan = PlanOf({"--connections", "5", "--scenarios", "echo-1"});
  ASSERT_EQ(plan.scenarios.size(), 2u);
  EXPECT_EQ(plan.scenarios[1].active, 5);
  EXPECT_EQ(plan.scenarios[1].idle, 0);
}

TEST(CompareOptionsTest, ListsAndRepeatedFlags) {
  const Plan plan =
      PlanOf({"--arms", "poll,poll,select", "--scenarios", "echo-1,bulk",
              "--server", "x=/x", "--server", "y=/y", "--arm", "z=z {port}"});
  ASSERT_EQ(plan.arms.size(), 6u);
  EXPECT_EQ(plan.arms[1].name, "poll#2");
  EXPECT_EQ(plan.arms[4].target, "/y");
  EXPECT_EQ(plan.arms[5].target, "z {port}");
  EXPECT_EQ(plan.scenarios.size(), 2u);
}

TEST(CompareOptionsTest, TheBaseline) {
  EXPECT_EQ(PlanOf({"--baseline", "poll"}).baseline, "poll");
  EXPECT_EQ(PlanOf({"--arms", "select,poll"}).baseline, "select");
  EXPECT_THROW(PlanOf({"--arms", "select", "--baseline", "poll"}), UsageError);
}

TEST(CompareOptionsTest, AnUnavailableArmIsNoBaseline) {
  std::vector<Arm> built_in = kBuiltIn;
  built_in[2].unavailable = "forbidden";
  built_in[0].unavailable = "forbidden";
  const Plan plan = MakePlan({}, built_in, 20'000, {});
  EXPECT_EQ(plan.baseline, "poll");
  for (Arm& arm : built_in) arm.unavailable = "forbidden";
  EXPECT_THROW(MakePlan({}, built_in, 20'000, {}), UsageError);
}

// 1023 is the highest descriptor that select can watch.
TEST(CompareOptionsTest, AnArmThatCannotTakePartIsNoBaseline) {
  EXPECT_EQ(PlanOf({"--arms", "select,poll", "--connections", "5000"}).baseline,
            "poll");
  EXPECT_EQ(PlanOf({"--arms", "select,poll", "--connections", "5000",
                    "--scenarios", "echo-1"})
                .baseline,
            "select");
  EXPECT_THROW(PlanOf({"--arms", "select,poll", "--connections", "5000",
                       "--baseline", "select"}),
               UsageError);
}

TEST(CompareOptionsTest, ArmsThatCanMeasureNothingAreAUsageError) {
  EXPECT_THROW(PlanOf({"--connections", "50000", "--active", "10"}),
               UsageError);
  EXPECT_THROW(PlanOf({"--arms", "raw-epoll", "--scenarios", "fan-out-10"}),
               UsageError);
  EXPECT_THROW(PlanOf({"--arms", "select", "--connections", "5000"}),
               UsageError);
}

TEST(CompareOptionsTest, TheSeedCanBeGiven) {
  EXPECT_EQ(PlanOf({"--seed", "42"}).seed, 42u);
  EXPECT_EQ(PlanOf({"--seed", "18446744073709551615"}).seed,
            std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(ExitCodeOf({"--seed", "-1"}), 2);
  EXPECT_EQ(ExitCodeOf({"--seed", "18446744073709551616"}), 2);
  EXPECT_EQ(ExitCodeOf({"--seed", "4x"}), 2);
}

TEST(CompareOptionsTest, UsageErrorsOfTheCommandLine) {
  EXPECT_EQ(ExitCodeOf({"--help"}), 0);
  EXPECT_EQ(ExitCodeOf({"--duration", "3"}), 2);
  EXPECT_EQ(ExitCodeOf({"--warm-up", "fast"}), 2);
  EXPECT_EQ(ExitCodeOf({"--rounds", "0"}), 2);
  EXPECT_EQ(ExitCodeOf({"--rounds", "x"}), 2);
  EXPECT_EQ(ExitCodeOf({"--reactors", "-1"}), 2);
  EXPECT_EQ(ExitCodeOf({"--connections", "0"}), 2);
  EXPECT_EQ(ExitCodeOf({"--active", "101%"}), 2);
  EXPECT_EQ(ExitCodeOf({"--no-such-flag"}), 2);
  EXPECT_EQ(ExitCodeOf({"stray"}), 2);
}

// Every trial was invalid, one by one.
TEST(CompareOptionsTest, WhatTheLoadGeneratorRefusesIsRefusedBefore) {
  EXPECT_EQ(PlanOf({"--depth", "65536"}).scenarios[0].depth, 65'536);
  EXPECT_EQ(ExitCodeOf({"--depth", "65537"}), 2);
  EXPECT_EQ(ExitCodeOf({"--load-threads", "1025"}), 2);
  EXPECT_THROW(PlanOf({"--rate", "1"}), UsageError);
  EXPECT_EQ(PlanOf({"--rate", "2"}).scenarios[0].rate, 2);
  EXPECT_THROW(PlanOf({"--rate", "1000000", "--duration", "20s"}), UsageError);
  EXPECT_THROW(PlanOf({"--scenarios", "burst", "--load-threads", "2"}),
               UsageError);
  EXPECT_THROW(PlanOf({"--scenarios", "fan-out-10", "--load-threads", "2"}),
               UsageError);
}

TEST(CompareOptionsTest, UsageErrorsOfTheMeaning) {
  EXPECT_THROW(PlanOf({"--duration", "1ms"}), UsageError);
  EXPECT_THROW(PlanOf({"--arms", "kqueue"}), UsageError);
  EXPECT_THROW(PlanOf({"--scenarios", "none"}), UsageError);
  EXPECT_THROW(PlanOf({"--arm", "x=no port"}), UsageError);
  EXPECT_THROW(PlanOf({"--connections", "5", "--active", "6"}), UsageError);
  EXPECT_THROW(PlanOf({"--connections", "5", "--active", "0"}), UsageError);
  EXPECT_THROW(PlanOf({"--size", "0"}), UsageError);
  EXPECT_THROW(PlanOf({"--size", "2g"}), UsageError);
  EXPECT_EQ(PlanOf({"--size", "1g"}).scenarios[0].message_size, 1u << 30);
  EXPECT_EQ(ExitCodeOf({"--rate", "nan"}), 2);
}

}  // namespace
}  // namespace polymux::bench
