#include "bench/lab/notes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string_view>

#include "bench/lab/snapshots.h"
#include "tests/bench/lab_samples.h"
#include "tests/bench/simulated_run.h"

namespace polymux::bench {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::vector<std::string> NotesOf(const Results& results) {
  return Notes(results, Analyze(results.plan, results.trials).cells);
}

TEST(NotesTest, SaysWhatAnIntervalIs) {
  EXPECT_THAT(NotesOf(SampleResults()),
              Contains(HasSubstr("lie in these with 95 % confidence")));
}

TEST(NotesTest, TooFewRoundsAreNotPassedOver) {
  EXPECT_THAT(
      NotesOf(SampleResults()),
      Contains(AllOf(StartsWith("small, crowd: 3 rounds are too few for "
                                "an interval of 98.33 %"),
                     HasSubstr("which takes 7: no verdict"))));
}

TEST(NotesTest, ScenariosOfWhichTheSameIsToBeSaidShareANote) {
  Results results = SampleResults();
  std::erase_if(results.trials,
                [](const Trial& trial) { return trial.slot.round > 1; });
  EXPECT_THAT(NotesOf(results),
              Contains(StartsWith("small, crowd: 2 rounds are")));
  std::erase_if(results.trials, [](const Trial& trial) {
    return trial.slot.round > 0 && trial.slot.scenario == 1;
  });
  EXPECT_THAT(NotesOf(results),
              AllOf(Contains(StartsWith("small: 2 rounds are too few")),
                    Contains(StartsWith("crowd: 1 round is too few"))));
}

TEST(NotesTest, WhatIsNotKnownHasItsReason) {
  Results results = SampleResults();
  EXPECT_THAT(NotesOf(results), Not(Contains(HasSubstr("not known in"))));
  results.trials[0].load.unknown["context_switches"] = "3 threads ended";
  const std::string arm = results.plan.arms[results.trials[0].slot.arm].name;
  EXPECT_THAT(NotesOf(results),
              Contains("Context switches not known in small (" + arm +
                       " 1 of 3): 3 threads ended."));
}

TEST(NotesTest, ServerCpuFromSeveralSourcesIsTold) {
  Results results = SampleResults();
  for (Trial& trial : results.trials) trial.load.cpu_source = "cgroup2";
  constexpr std::string_view kNote = "Server CPU was not counted by the same";
  EXPECT_THAT(NotesOf(results), Not(Contains(StartsWith(kNote))));
  results.trials[1].load.cpu_source = "clocks";
  EXPECT_THAT(NotesOf(results),
              Contains(AllOf(StartsWith(kNote), HasSubstr("clocks (1 trial)"),
                             HasSubstr("cgroup2 ("))));
}

TEST(NotesTest, AReportHasANotationOfItsOwn) {
  const Results results = SampleResults();
  const auto cells = Analyze(results.plan, results.trials).cells;
  const auto of_table = Notes(results, cells);
  const auto of_report = NotesOfReport(results, cells);
  EXPECT_EQ(of_report.size(), of_table.size());
  EXPECT_THAT(of_table, Contains(HasSubstr("[low, high]")));
  EXPECT_THAT(of_report, Not(Contains(HasSubstr("[low, high]"))));
}

TEST(NotesTest, AVerdictOfDisturbedRoundsIsMarked) {
  std::mt19937_64 random(1);
  Results results{.environment = {},
                  .plan = SimulatedPlan(12),
                  .trials = SimulateTrials({.rounds = 12}, random)};
  constexpr std::string_view kMark = "~: too few undisturbed rounds";
  EXPECT_THAT(NotesOf(results), Not(Contains(StartsWith(kMark))));
  for (Trial& trial : results.trials) {
    if (trial.slot.round > 1 && trial.slot.arm == 3) {
      trial.load.steal_ns = trial.load.window_ns;
    }
  }
  EXPECT_THAT(NotesOf(results),
              Contains(AllOf(StartsWith(kMark), HasSubstr("(slow)"))));
}

TEST(NotesTest, AnIncompleteRunSaysSoFirst) {
  Results results = SampleResults();
  results.complete = false;
  results.trials.resize(4);
  EXPECT_EQ(NotesOf(results).front(), "Incomplete: 4 of 15 trials were run.");
}

TEST(NotesTest, TheTrialsOfAHugePlanAreCountedAtOnce) {
  Results results = SampleResults();
  results.complete = false;
  results.plan.rounds = 2'000'000'000;
  EXPECT_EQ(NotesOf(results).front(),
            "Incomplete: 15 of 10000000000 trials were run.");
}

TEST(NotesTest, InvalidTrialsAreCountedByReason) {
  Results results = SampleResults();
  for (Trial& trial : results.trials) {
    const bool one = trial.slot.arm == 0 && trial.slot.scenario == 0;
    if (one && trial.slot.round > 0) trial.invalid = "byte 7 differs";
  }
  EXPECT_THAT(NotesOf(results),
              Contains("small, base: 2 of 3 trials invalid; the first: byte 7 "
                       "differs"));
}

TEST(NotesTest, ClientBoundTrialsMustNotRank) {
  Results results = SampleResults();
  EXPECT_THAT(
      NotesOf(results),
      Contains(StartsWith("client-bound in small (all trials), crowd (all "
                          "trials): the server was")));
  for (Trial& trial : results.trials) {
    if (trial.slot.arm != 1) trial.load.server_cpu_ns = 950'000'000;
  }
  EXPECT_THAT(NotesOf(results),
              Contains(StartsWith("client-bound in small (low): the server")));
}

TEST(NotesTest, WhatAnOpenLoopAndOthersDidIsTold) {
  Results results = SampleResults();
  for (Trial& trial : results.trials) {
    if (trial.slot.arm != 1) continue;
    trial.load.rate = LoadOutcome::Rate{100, 90, 50, true};
    trial.load.psi_cpu_us = 500'000;
  }
  EXPECT_THAT(
      NotesOf(results),
      AllOf(Contains(StartsWith("rate-missed in small (low): less than 95 %")),
            Contains(StartsWith("late-generator in small (low): the load")),
            Contains(StartsWith("psi in small (low): for more than 10 %"))));
}

TEST(NotesTest, ManyArmsAreCountedTogether) {
  Results results = SampleResults();
  for (Trial& trial : results.trials) {
    const bool first = trial.slot.round == 0 && trial.slot.scenario == 0;
    if (!first) trial.load.server_cpu_ns = 950'000'000;
  }
  EXPECT_THAT(NotesOf(results),
              Contains(StartsWith("client-bound in small (3 of 9 trials): ")));
  for (Trial& trial : results.trials) {
    if (trial.slot.arm == 2) trial.load.server_cpu_ns = 950'000'000;
  }
  EXPECT_THAT(NotesOf(results), Contains(StartsWith("client-bound in small "
                                                    "(base 1 of 3, low 1 of "
                                                    "3): ")));
}

TEST(NotesTest, DisturbedTrialsAreToldTogether) {
  Results results = SampleResults();
  results.trials[0].load.steal_ns = 900'000'000;
  EXPECT_THAT(NotesOf(results),
              Contains(AllOf(StartsWith("Disturbed trials, which do not count, "
                                        "in small ("),
                             HasSubstr(" 1 of 3). results.json"))));
}

TEST(NotesTest, ALoadWithTimeToSpareIsAnotherMatter) {
  Results results = SampleResults();
  EXPECT_THAT(NotesOf(results),
              Contains(StartsWith("unsaturated in small (all ")));
  for (Trial& trial : results.trials) trial.load.load_cpu_ns = 990'000'000;
  EXPECT_THAT(NotesOf(results), Not(Contains(StartsWith("unsaturated"))));
}

TEST(NotesTest, TheControlIsExplained) {
  Results results = SampleResults();
  EXPECT_THAT(NotesOf(results), Contains(HasSubstr("--arms base,base,...")));
  results.plan.control = "base#2";
  EXPECT_THAT(NotesOf(results), Contains(StartsWith("base#2 is base once")));
}

TEST(NotesTest, TooFewCpus) {
  Results results = SampleResults();
  EXPECT_THAT(NotesOf(results), Not(Contains(HasSubstr("they compete"))));
  // Of one scenario alone; "raw" has no reactors.
  results.plan.scenarios[0].reactors = 2;
  EXPECT_THAT(NotesOf(results),
              Contains(StartsWith("oversubscribed in small (base, low): more "
                                  "reactors and load threads than the 2 CPUs; "
                                  "they compete.")));
  results.plan.cpus = {};
  EXPECT_THAT(NotesOf(results), Contains(StartsWith("One CPU:")));
}

TEST(NotesTest, HowEvenlySeveralLoopsWereBusy) {
  Results results = SampleResults();
  for (Trial& trial : results.trials) {
    if (!trial.counters) continue;
    auto& counters = trial.counters->counters;
    counters[kBusiestLoopBytesRead] = counters["bytes_read"] * 3 / 5;
    counters[kQuietestLoopBytesRead] = counters["bytes_read"] / 5;
  }
  EXPECT_THAT(NotesOf(results), Not(Contains(HasSubstr("loops read"))));
  results.plan.scenarios[0].reactors = 3;
  EXPECT_THAT(NotesOf(results),
              Contains("small: each of 3 loops read so much of all: base 20 to "
                       "60 %, low 20 to 60 %."));
}

}  // namespace
}  // namespace polymux::bench
