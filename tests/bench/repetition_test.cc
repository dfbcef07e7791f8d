#include "bench/lab/repetition.h"

#include <gtest/gtest.h>

#include "tests/bench/lab_samples.h"

namespace polymux::bench {
namespace {

void Taint(Trial& trial) { trial.load.steal_ns = trial.load.window_ns / 2; }

// A trial at this slot.
Trial TrialOf(const Slot& slot) { return SampleTrial(SamplePlan(), slot, 10); }

TEST(RepetitionTest, SoundTrialsAreNotRepeated) {
  EXPECT_TRUE(Repetitions(SampleResults().trials, 100).empty());
}

TEST(RepetitionTest, AllTrialsOfATaintedRoundAreRepeated) {
  auto trials = SampleResults().trials;
  // The third of the three in the first round of the first scenario.
  Taint(trials[2]);
  const auto again = Repetitions(trials, 100);
  ASSERT_EQ(again.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(again[i].scenario, 0u);
    EXPECT_EQ(again[i].arm, trials[i].slot.arm);
    EXPECT_EQ(again[i].round, 0);
    EXPECT_EQ(again[i].cpus_swapped, trials[i].slot.cpus_swapped);
    EXPECT_EQ(again[i].attempt, 1);
  }
}

TEST(RepetitionTest, OnlyTheLatestAttemptCounts) {
  auto trials = SampleResults().trials;
  Taint(trials[0]);
  for (const Slot& slot : Repetitions(trials, 100)) {
    trials.push_back(TrialOf(slot));
  }
  EXPECT_TRUE(Repetitions(trials, 100).empty());
  Taint(trials.back());
  const auto again = Repetitions(trials, 100);
  ASSERT_EQ(again.size(), 3u);
  EXPECT_EQ(again[0].attempt, 2);
}

TEST(RepetitionTest, ThereIsALimitOfWholeRounds) {
  auto trials = SampleResults().trials;
  for (Trial& trial : trials) Taint(trial);
  // Rounds of 3 and 2 trials alternate.
  EXPECT_EQ(Repetitions(trials, 100).size(), trials.size());
  EXPECT_EQ(Repetitions(trials, 5).size(), 5u);
  EXPECT_EQ(Repetitions(trials, 4).size(), 3u);
  EXPECT_EQ(Repetitions(trials, 2).size(), 0u);
  EXPECT_EQ(RepetitionLimit(256), 64u);
}

}  // namespace
}  // namespace polymux::bench
