#include "bench/verbs/difference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <span>
#include <vector>

#include "tests/bench/lab_samples.h"

namespace polymux::bench {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// One scenario, 12 rounds; `cpu_us` says what a message costs an arm in a
// round.
Results Measured(
    const std::function<double(const std::string& arm, int round)>& cpu_us) {
  Results results{.environment = {}, .plan = SamplePlan()};
  results.plan.scenarios.resize(1);
  results.plan.rounds = 12;
  for (const Slot& slot : Schedule(results.plan)) {
    results.trials.push_back(
        SampleTrial(results.plan, slot,
                    cpu_us(results.plan.arms[slot.arm].name, slot.round)));
  }
  results.complete = true;
  return results;
}

// 10 us give or take 1 %.
double Usual(int round) { return 10 + 0.02 * ((round * 7) % 11 - 5); }

Results Base() {
  return Measured([](const std::string&, int round) { return Usual(round); });
}

// A single run each.
DifferenceReport Compare(const Results& a, const Results& b, double margin) {
  return bench::Compare(std::span(&a, 1), std::span(&b, 1), margin);
}

Difference Of(const DifferenceReport& report, const std::string& arm) {
  for (const Difference& difference : report.differences) {
    if (difference.arm == arm) return difference;
  }
  ADD_FAILURE() << "no " << arm;
  return {};
}

TEST(DifferenceTest, TheSameIsEquivalent) {
  const DifferenceReport report = Compare(Base(), Base(), 0.02);
  EXPECT_EQ(report.baseline, "base");
  ASSERT_EQ(report.differences.size(), 3u);
  for (const Difference& difference : report.differences) {
    EXPECT_DOUBLE_EQ(difference.ratio.value, 1);
    EXPECT_LE(difference.ratio.low, 1);
    EXPECT_GE(difference.ratio.high, 1);
    EXPECT_GT(difference.p_value, 0.9);
    EXPECT_EQ(difference.verdict, Verdict::kEquivalent);
  }
  EXPECT_THAT(report.missing, IsEmpty());
  EXPECT_THAT(report.drift, IsEmpty());
}

TEST(DifferenceTest, OneArmHasBecomeSlower) {
  const Results b = Measured([](const std::string& arm, int round) {
    return Usual(round) * (arm == "low" ? 1.1 : 1);
  });
  const DifferenceReport report = Compare(Base(), b, 0.02);
  const Difference low = Of(report, "low");
  EXPECT_NEAR(low.ratio.value, 1.1, 1e-9);
  EXPECT_GT(low.ratio.low, 1.08);
  EXPECT_LT(low.ratio.high, 1.12);
  EXPECT_LT(low.p_value, 0.001);
  EXPECT_EQ(low.verdict, Verdict::kSlower);
  EXPECT_EQ(Of(report, "raw").verdict, Verdict::kEquivalent);
  EXPECT_EQ(Of(Compare(b, Base(), 0.02), "low").verdict, Verdict::kFaster);
}

TEST(DifferenceTest, ASlowerMachineCancels) {
  const Results b = Measured([](const std::string& arm, int round) {
    return 1.3 * Usual(round) * (arm == "low" ? 1.1 : 1);
  });
  const DifferenceReport report = Compare(Base(), b, 0.02);
  EXPECT_EQ(Of(report, "raw").verdict, Verdict::kEquivalent);
  EXPECT_NEAR(Of(report, "raw").ratio.value, 1.3, 1e-9);
  const Difference low = Of(report, "low");
  ASSERT_TRUE(low.relative);
  EXPECT_NEAR(low.relative->value, 1.1, 1e-9);
  EXPECT_THAT(report.drift,
              Contains(HasSubstr("the baseline base itself has changed")));
}

TEST(DifferenceTest, WithoutACommonBaselineOnlyTheRawRatio) {
  Results b = Base();
  b.plan.baseline = "raw";
  const DifferenceReport report = Compare(Base(), b, 0.02);
  EXPECT_EQ(report.baseline, "");
  for (const Difference& difference : report.differences) {
    EXPECT_FALSE(difference.relative);
  }
}

TEST(DifferenceTest, TheControlIsANoiseFloor) {
  const auto measured = [](double sign) {
    return Measured([sign](const std::string& arm, int round) {
      // The control is as uncertain as the weather.
      if (arm == "raw") return Usual(round) * (round % 2 == 0 ? 0.7 : 1.4);
      return Usual(round) * (arm == "low" ? 1 + sign * 0.03 : 1);
    });
  };
  Results a = measured(0);
  Results b = measured(1);
  EXPECT_EQ(Of(Compare(a, b, 0.005), "low").verdict, Verdict::kSlower);
  a.plan.control = b.plan.control = "raw";
  EXPECT_EQ(Of(Compare(a, b, 0.005), "low").verdict, Verdict::kInconclusive);
}

TEST(DifferenceTest, FewRoundsDecideNothing) {
  Results few = Base();
  std::erase_if(few.trials, [](const Trial& t) { return t.slot.round > 3; });
  EXPECT_EQ(Of(Compare(few, Base(), 0.02), "low").verdict,
            Verdict::kInconclusive);
}

// Two of 12 rounds were disturbed and run again; the disturbed trials said 5
// times as much.
Results Repeated() {
  Results results = Base();
  const auto first = results.trials;
  for (const Trial& trial : first) {
    if (trial.slot.round >= 2) continue;
    Trial again = trial;
    again.slot.attempt = 1;
    results.trials.push_back(again);
  }
  for (Trial& trial : results.trials) {
    if (trial.slot.round >= 2 || trial.slot.attempt == 1) continue;
    *trial.load.server_cpu_ns *= 5;
    trial.load.steal_ns = trial.load.window_ns / 2;
  }
  return results;
}

TEST(DifferenceTest, WhatWasRepeatedDoesNotCount) {
  const Difference low = Of(Compare(Base(), Repeated(), 0.02), "low");
  EXPECT_EQ(low.rounds_b, 12);
  EXPECT_DOUBLE_EQ(low.ratio.value, 1);
  EXPECT_LT(low.ratio.high, 1.02);
  EXPECT_EQ(low.verdict, Verdict::kEquivalent);
}

TEST(DifferenceTest, WithTooFewUndisturbedRoundsAllCountAndDecideNothing) {
  Results disturbed = Base();
  for (Trial& trial : disturbed.trials) {
    if (trial.slot.round >= 5) {
      trial.load.steal_ns = trial.load.window_ns / 2;
    }
  }
  const Difference low = Of(Compare(Base(), disturbed, 0.02), "low");
  EXPECT_EQ(low.rounds_b, 12);
  EXPECT_FALSE(low.enough_rounds);
  EXPECT_EQ(low.verdict, Verdict::kInconclusive);
}

// The second attempt at a round was at another time, on another machine so to
// speak.
TEST(DifferenceTest, ArmAndBaselineAreOfTheSameAttempt) {
  Results b = Base();
  for (Trial trial : Base().trials) {
    if (trial.slot.round >= 3) continue;
    trial.slot.attempt = 1;
    *trial.load.server_cpu_ns *= 2;
    // The arm was disturbed again, the baseline was not.
    if (trial.slot.arm == 1) trial.load.steal_ns = trial.load.window_ns / 2;
    b.trials.push_back(trial);
  }
  const Difference low = Of(Compare(Base(), b, 0.02), "low");
  ASSERT_TRUE(low.relative);
  EXPECT_NEAR(low.relative->value, 1, 0.002);
  EXPECT_GT(low.relative->low, 0.98);
}

TEST(DifferenceTest, TheDrawsAreTheSameEachTime) {
  const Results b = Measured([](const std::string& arm, int round) {
    return Usual(round + 3) * (arm == "low" ? 1.05 : 1);
  });
  const Estimate first = Of(Compare(Base(), b, 0.02), "low").ratio;
  const Estimate second = Of(Compare(Base(), b, 0.02), "low").ratio;
  EXPECT_EQ(first.low, second.low);
  EXPECT_EQ(first.high, second.high);
}

// Three runs, the server of each as much slower as `percent` says.
std::vector<Results> RunsOf(const std::vector<double>& percent) {
  std::vector<Results> runs;
  for (const double slower : percent) {
    runs.push_back(Measured([&](const std::string& arm, int round) {
      return Usual(round) * (arm == "low" ? 1 + slower / 100 : 1);
    }));
  }
  return runs;
}

// Each run of A and B alone would be a clear difference.
TEST(DifferenceTest, WhatRunsDifferByThemselvesIsNoDifference) {
  const auto a = RunsOf({0, 6, 3});
  const auto b = RunsOf({7, 1, 4});
  EXPECT_EQ(Of(Compare(a[0], b[0], 0.02), "low").verdict, Verdict::kSlower);
  EXPECT_EQ(Of(Compare(a[1], b[1], 0.02), "low").verdict, Verdict::kFaster);
  const Difference low = Of(bench::Compare(a, b, 0.02), "low");
  EXPECT_EQ(low.rounds_a, 36);
  ASSERT_TRUE(low.relative);
  EXPECT_LT(low.relative->low, 0.98);
  EXPECT_GT(low.relative->high, 1.03);
  EXPECT_EQ(low.verdict, Verdict::kInconclusive);
  EXPECT_EQ(Of(bench::Compare(a, b, 0.02), "raw").verdict,
            Verdict::kEquivalent);
}

TEST(DifferenceTest, ADifferenceOfAllRunsIsOne) {
  const auto a = RunsOf({0, 1, -1});
  const auto b = RunsOf({11, 9, 10});
  const Difference low = Of(bench::Compare(a, b, 0.02), "low");
  EXPECT_NEAR(low.ratio.value, 1.1, 0.001);
  EXPECT_EQ(low.verdict, Verdict::kSlower);
  // The smallest that three against three can have: 2 of 20 orders.
  EXPECT_NEAR(low.p_value, 0.1, 1e-9);
}

TEST(DifferenceTest, OneDisturbedRunOfSeveralDecidesNothing) {
  const auto a = RunsOf({0, 0, 0});
  auto b = RunsOf({10, 10, 10});
  std::erase_if(b[1].trials, [](const Trial& t) { return t.slot.round > 3; });
  EXPECT_EQ(Of(bench::Compare(a, b, 0.02), "low").verdict,
            Verdict::kInconclusive);
}

TEST(DifferenceTest, NamesTheRunThatLacksOrDiffers) {
  auto a = RunsOf({0, 0, 0});
  auto b = RunsOf({0, 0});
  a[1].plan.arms[1].name = "gone";
  a[2].environment.kernel = "Linux 6.2";
  b[1].plan.scenarios[0].idle = 7;
  const DifferenceReport report = bench::Compare(a, b, 0.02);
  EXPECT_THAT(report.missing, Contains("run 2 of A has no arm low"));
  EXPECT_THAT(report.missing, Contains(HasSubstr("another one in run 2 of B")));
  EXPECT_THAT(report.drift,
              Contains("kernel: A not known and Linux 6.2, B not known"));
}

TEST(DifferenceTest, ListsWhatIsMissing) {
  Results a = Base();
  Results b = Base();
  a.plan.scenarios[0].name = "other";
  EXPECT_THAT(
      Compare(a, b, 0.02).missing,
      ElementsAre("B has no scenario other", "A has no scenario small"));
  a = Base();
  a.plan.arms[1].name = "gone";
  EXPECT_THAT(Compare(a, b, 0.02).missing,
              ElementsAre("B has no arm gone", "A has no arm low"));
  a = Base();
  a.plan.scenarios[0].idle = 5;
  EXPECT_THAT(Compare(a, b, 0.02).missing,
              ElementsAre(HasSubstr("is another one in B")));
  a = Base();
  for (Trial& trial : a.trials) {
    if (trial.slot.arm == 1) trial.invalid = "bad";
  }
  EXPECT_THAT(Compare(a, b, 0.02).missing,
              ElementsAre("A has no valid trial of low in small"));
}

TEST(DifferenceTest, WarnsOfDrift) {
  Results a = Base();
  Results b = Base();
  a.environment.date = "2026-01-01T10:00:00Z";
  b.environment.date = "2026-01-11T10:00:00Z";
  a.environment.kernel = "Linux 6.1";
  b.environment.kernel = "Linux 6.2";
  a.environment.cpu_model = "old";
  b.environment.cpu_model = "new";
  a.environment.cpus = 2;
  b.environment.cpus = 4;
  EXPECT_THAT(
      Compare(a, b, 0.02).drift,
      ElementsAre("CPU: A old, B new", "number of CPUs: A 2, B 4",
                  "kernel: A Linux 6.1, B Linux 6.2", HasSubstr("10 days")));
}

TEST(DifferenceTest, WarnsOfAnotherPlan) {
  const Results a = Base();
  Results b = Base();
  b.environment.somaxconn = "128";
  b.plan.window = std::chrono::seconds(2);
  b.plan.warm_up = std::chrono::milliseconds(300);
  b.plan.confidence = 0.99;
  b.plan.cpus = {.server = {2, 3}, .load = {}};
  b.plan.arms[2].kind = ArmKind::kForeign;
  b.plan.arms[2].target = "./raw {port}";
  b.complete = false;
  EXPECT_THAT(
      Compare(a, b, 0.02).drift,
      ElementsAre("somaxconn: A not known, B 128", "window: A 1s, B 2s",
                  "warm-up: A 100ms, B 300ms", "confidence: A 0.95, B 0.99",
                  "CPUs of the server: A 0, B 2,3",
                  "CPUs of the load: A 1, B shared",
                  "what raw is: A peer raw, B foreign ./raw {port}",
                  "B is incomplete"));
}

TEST(DifferenceTest, WarnsOfAnUnsoundControl) {
  Results a = Measured([](const std::string& arm, int round) {
    return Usual(round) * (arm == "low" ? 1.2 : 1);
  });
  a.plan.control = "low";
  EXPECT_THAT(Compare(a, Base(), 0.02).drift,
              Contains("A is not to be quoted: its control came out as "
                       "different in small"));
}

}  // namespace
}  // namespace polymux::bench
