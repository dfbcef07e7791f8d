#include "bench/lab/load_check.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "bench/lab/usage_error.h"
#include "tests/bench/lab_samples.h"

namespace polymux::bench {
namespace {

// 0.1 s of warm-up and a window of 1 s.
Plan PlanOf(const Scenario& scenario) {
  Plan plan = SamplePlan();
  plan.scenarios = {scenario};
  return plan;
}

std::string ErrorOf(const Plan& plan, std::string_view rate_flag = "--rate") {
  try {
    CheckLoad(plan, rate_flag);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

TEST(LoadCheckTest, ARateHasASchedule) {
  EXPECT_EQ(ErrorOf(PlanOf({.name = "x", .rate = 1})), "no error");
  EXPECT_EQ(ErrorOf(PlanOf({.name = "x", .rate = 0.9})),
            "--rate: scenario \"x\": 0.9 per second are less than one message "
            "in --duration");
  EXPECT_EQ(ErrorOf(PlanOf({.name = "x", .rate = 18e6})), "no error");
  EXPECT_EQ(ErrorOf(PlanOf({.name = "x", .rate = 19e6}), "--open-loop"),
            "--open-loop: scenario \"x\": 19000000 per second are more than "
            "20,000,000 messages in --warm-up and --duration");
}

TEST(LoadCheckTest, TimesAndDepthsHaveABound) {
  Plan plan = PlanOf({.name = "x"});
  plan.window = plan.warm_up = std::chrono::minutes(10'000);
  EXPECT_EQ(ErrorOf(plan), "no error");
  plan.window += std::chrono::minutes(1);
  EXPECT_EQ(ErrorOf(plan), "--duration: at most 10000m, not 10001m");
  plan.window = std::chrono::seconds(1);
  plan.warm_up = std::chrono::nanoseconds::max();
  EXPECT_EQ(ErrorOf(plan),
            "--warm-up: at most 10000m, not 9223372036854775807ns");
  EXPECT_EQ(ErrorOf(PlanOf({.name = "x", .active = 1024, .depth = 65'536})),
            "no error");
  EXPECT_EQ(ErrorOf(PlanOf({.name = "x", .active = 1025, .depth = 65'536})),
            "--depth: scenario \"x\": more than 67108864 messages on the way");
}

TEST(LoadCheckTest, AScenarioOfAFileIsToldWithItsPlace) {
  EXPECT_EQ(
      ErrorOf(PlanOf({.name = "x", .rate = 0.5, .place = "own.toml:3"})),
      "own.toml:3: scenario \"x\": 0.5 per second are less than one message in "
      "--duration");
}

}  // namespace
}  // namespace polymux::bench
