#include "bench/lab/table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <sstream>
#include <vector>

#include "tests/bench/lab_samples.h"
#include "tests/bench/simulated_run.h"

namespace polymux::bench {
namespace {

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::size_t Width(const std::string& text) {
  std::size_t width = 0;
  for (const std::string& line : Lines(text)) {
    width = std::max(width, line.size());
  }
  return width;
}

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(TableTest, BeginsWithASentence) {
  const std::string text = RenderTable(SampleResults());
  EXPECT_TRUE(text.starts_with(
      "Server CPU per message: base needs 11.0 us in small: low 0.500 times, "
      "raw 1.000\ntimes; 11.0 us in crowd: raw 1.000 times.\n"))
      << text;
}

TEST(TableTest, TheTablesOfAScenario) {
  const std::string expected =
      R"(small: 10 connections, 100-byte messages

          server           to baseline                             latency us
arm       CPU us  ratio    [low, high]      verdict   msg/s   p50   p99 p99.9
base        11.0      -                    baseline  1.00k*  1.50  12.3   n/a
low         5.50  0.500                           -  1.00k*  1.50  12.3   n/a
raw         11.0  1.000                           -  1.00k*  1.50  12.3   n/a

                      counted by the server, per message       CPU used    RSS
arm         calls  waits  changes  reads  EAGAIN  writes  server   load    MiB
base         2.30   0.10     0.02   1.20    0.20    1.00     1 %   50 %    5.0
low          2.30   0.10     0.02   1.20    0.20    1.00     1 %   50 %    5.0
raw           n/a    n/a      n/a    n/a     n/a     n/a     1 %   50 %    5.0

            events    bytes CPU us per message switches per 1000 messages
arm       per wait per read      user   system    voluntary   involuntary
base          2.00     83.3      4.00     7.00         30.0          5.00
low           2.00     83.3      4.00     7.00         30.0          5.00
raw            n/a      n/a      4.00     7.00         30.0          5.00
)";
  Results results = SampleResults();
  for (Trial& trial : results.trials) {
    trial.load.server_user_ns = 4'000'000;
    trial.load.server_system_ns = 7'000'000;
    trial.load.voluntary_switches = 30;
    trial.load.involuntary_switches = 5;
    if (trial.counters) trial.counters->counters["events"] = 100;
  }
  const std::string text = RenderTable(results);
  EXPECT_TRUE(Has(text, expected)) << text;
}

TEST(TableTest, AnArmThatCannotTakePartStaysWithItsReason) {
  const std::string text = RenderTable(SampleResults());
  EXPECT_TRUE(Has(text,
                  "low        not measured: 210 connections need more "
                  "descriptors than low can\n           watch (0 to 100)\n"))
      << text;
}

TEST(TableTest, AnArmWithoutValidTrialStaysToo) {
  Results results = SampleResults();
  for (Trial& trial : results.trials) {
    if (trial.slot.arm == 2) trial.invalid = "broken";
  }
  const std::string text = RenderTable(results);
  EXPECT_TRUE(Has(text, "raw        no valid trial, see below\n")) << text;
  EXPECT_TRUE(Has(text, "small, raw: 3 of 3 trials invalid; the first: broken"))
      << text;
}

TEST(TableTest, NothingMeasuredYet) {
  Results results = SampleResults();
  results.trials.clear();
  results.complete = false;
  const std::string text = RenderTable(results);
  EXPECT_TRUE(text.starts_with("Nothing is known of the baseline, base.\n"))
      << text;
  EXPECT_TRUE(Has(text, "base       no trial yet\n")) << text;
}

TEST(TableTest, FitsEightyColumns) {
  Results results = SampleResults();
  EXPECT_LE(Width(RenderTable(results)), 80u);
  // The widest figures there are.
  for (Trial& trial : results.trials) {
    trial.load.server_cpu_ns = (trial.slot.round + 1) * 123'456'000'000;
    trial.load.window_ns = 12'345'678'901;
    trial.load.messages = 1'000'000'000;
    trial.load.latency_ns.p50 = trial.load.latency_ns.p99 =
        trial.load.latency_ns.p999 = 12'345'678;
    trial.load.rss_bytes = std::int64_t{99} << 30;
    trial.load.server_user_ns = trial.load.server_system_ns =
        trial.load.voluntary_switches = trial.load.involuntary_switches =
            123'456'000'000'000;
    if (trial.slot.arm != 0) trial.load.server_cpu_ns = 99;
  }
  EXPECT_LE(Width(RenderTable(results)), 80u) << RenderTable(results);
}

TEST(TableTest, FitsAHundredColumnsWithLongNames) {
  Results results = SampleResults();
  for (Arm& arm : results.plan.arms) arm.name.resize(20, 'x');
  results.plan.baseline = results.plan.arms[0].name;
  EXPECT_LE(Width(RenderTable(results)), 100u);
}

// Arms "base", "base#2", "same", "slow"; 24 rounds.
Results SimulatedResults(double noise) {
  std::mt19937_64 random(1);
  Results results{.environment = {}, .plan = SimulatedPlan(24)};
  results.environment.build.ndebug = true;
  results.trials = SimulateTrials({.noise = noise}, random);
  return results;
}

TEST(TableTest, BeginsWithTheVerdicts) {
  const std::string text = RenderTable(SimulatedResults(0));
  EXPECT_TRUE(
      text.starts_with("Server CPU per message: base needs 5.00 us in "
                       "simulated: same equivalent\n"
                       "(1.000), slow slower (1.030).\n"))
      << text;
  EXPECT_TRUE(Has(text, "  1.030 [1.030, 1.030]       slower")) << text;
  EXPECT_TRUE(Has(text, "  1.000 [1.000, 1.000]      control")) << text;
  EXPECT_FALSE(Has(text, "DO NOT QUOTE")) << text;
}

TEST(TableTest, WhatIsNotOneDoesNotLookLikeIt) {
  Results results = SimulatedResults(0);
  for (Trial& trial : results.trials) {
    std::int64_t& cost = *trial.load.server_cpu_ns;
    if (trial.slot.arm == 2) cost += cost / 5000;
  }
  const std::string text = RenderTable(results);
  EXPECT_TRUE(Has(text, "[>1, >1]")) << text;
}

TEST(TableTest, AnUnsoundControlStandsInRed) {
  Results results = SimulatedResults(0);
  for (Trial& trial : results.trials) {
    if (trial.slot.arm == 1) *trial.load.server_cpu_ns += 1'000'000'000;
  }
  EXPECT_TRUE(Has(RenderTable(results),
                  "\nDO NOT QUOTE simulated: the control, a second copy"));
  EXPECT_TRUE(Has(RenderTable(results, Colour::kAnsi),
                  "\n\033[1;31mDO NOT QUOTE simulated"));
}

TEST(TableTest, AnOpenLoopHasItsOwnTable) {
  Results results = SampleResults();
  results.plan.scenarios[0].rate = 1000;
  for (Trial& trial : results.trials) {
    trial.load.service_ns.emplace();
    trial.load.service_ns->p50 = 1400;
    trial.load.service_ns->p99 = 9000;
    trial.load.send_lag_ns.emplace().p99 = 250;
  }
  const std::string text = RenderTable(results);
  EXPECT_TRUE(
      Has(text,
          "base        11.0      -     baseline  1.00k  1.50  12.3   n/a"
          "     9.00     0.25\n"))
      << text;
  EXPECT_LE(Width(text), 80u);
}

TEST(TableTest, ALongDescriptionIsWrapped) {
  Results results = SampleResults();
  Scenario& scenario = results.plan.scenarios[0];
  scenario.name = "grid-10000-10@30%";
  scenario.active = 10;
  scenario.idle = 9990;
  scenario.rate = 12'345;
  const std::string text = RenderTable(results);
  EXPECT_TRUE(Has(text, "\n\ngrid-10000-10@30%: 10 active among 9990 "))
      << text;
  EXPECT_LE(Width(text), 80u) << text;
}

}  // namespace
}  // namespace polymux::bench
