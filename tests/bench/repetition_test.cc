#include "bench/lab/repetition.h"

#include <gtest/gtest.h>

#include "tests/bench/lab_samples.h"

namespace polymux::bench {
namespace {

constexpr std::size_t kAll = 100;

void Taint(Trial& trial) { trial.load.steal_ns = trial.load.window_ns / 2; }

// A trial at this slot.
Trial TrialOf(const Slot& slot) { return SampleTrial(SamplePlan(), slot, 10); }

// Of the sample, the rounds up to this one; each has three trials of the first
// scenario and two of the second.
std::vector<Trial> RoundsTo(int last) {
  auto trials = SampleResults().trials;
  std::erase_if(trials,
                [last](const Trial& trial) { return trial.slot.round > last; });
  return trials;
}

TEST(RepetitionTest, SoundTrialsAreNotRepeated) {
  EXPECT_TRUE(Repetitions(RoundsTo(0), 1, kAll).empty());
}

TEST(RepetitionTest, AllTrialsOfALostRoundAreRepeated) {
  for (const bool is_invalid : {false, true}) {
    auto trials = RoundsTo(0);
    // The third of the three in the first scenario.
    if (is_invalid) {
      trials[2].invalid = "broken";
    } else {
      Taint(trials[2]);
    }
    const auto again = Repetitions(trials, 1, kAll);
    ASSERT_EQ(again.size(), 3u);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(again[i].scenario, 0u);
      EXPECT_EQ(again[i].arm, trials[i].slot.arm);
      EXPECT_EQ(again[i].round, 0);
      EXPECT_EQ(again[i].cpus_swapped, trials[i].slot.cpus_swapped);
      EXPECT_EQ(again[i].attempt, 1);
    }
  }
}

TEST(RepetitionTest, ARoundWithoutOnePaceIsRepeated) {
  auto trials = RoundsTo(0);
  for (Trial& trial : trials) trial.calibration_ns = {1000, 1000};
  EXPECT_TRUE(Repetitions(trials, 1, kAll).empty());
  trials[0].calibration_ns = {1000, 1300};
  EXPECT_EQ(Repetitions(trials, 1, kAll).size(), 3u);
}

TEST(RepetitionTest, TheSecondTimeIsARoundLaterAndTheLast) {
  auto trials = RoundsTo(0);
  Taint(trials[0]);
  EXPECT_TRUE(Repetitions(trials, 0, kAll).empty());
  EXPECT_TRUE(Repetitions(trials, 2, kAll).empty()) << "it was due before";
  const auto again = [&trials](int round) {
    auto slots = Repetitions(trials, round, kAll);
    for (const Slot& slot : slots) trials.push_back(TrialOf(slot));
    return slots;
  };
  EXPECT_EQ(again(1).size(), 3u);
  EXPECT_TRUE(again(1).empty());
  EXPECT_TRUE(again(2).empty()) << "it was sound";
  Taint(trials.back());
  const auto second = again(2);
  ASSERT_EQ(second.size(), 3u);
  EXPECT_EQ(second[0].attempt, 2);
  Taint(trials.back());
  EXPECT_TRUE(again(3).empty());
}

TEST(RepetitionTest, WholeRoundsUpToALimit) {
  auto trials = RoundsTo(0);
  for (Trial& trial : trials) Taint(trial);
  EXPECT_EQ(Repetitions(trials, 1, 5).size(), 5u);
  EXPECT_EQ(Repetitions(trials, 1, 4).size(), 3u);
  EXPECT_EQ(Repetitions(trials, 1, 2).size(), 0u);
}

TEST(RepetitionTest, AQuarterOfWhatHasBeenRunAndARound) {
  EXPECT_EQ(RepetitionLimit(256), 64u);
  auto trials = RoundsTo(2);  // 15 of them
  EXPECT_EQ(RepetitionsLeft(100, trials, 5), 10u);
  EXPECT_EQ(RepetitionsLeft(100, trials, 0), 3u);
  EXPECT_EQ(RepetitionsLeft(20, trials, 5), 5u) << "a quarter of all";
  for (int i = 0; i < 4; ++i)
    trials[static_cast<std::size_t>(i)].slot.attempt = 1;
  EXPECT_EQ(RepetitionsLeft(20, trials, 5), 1u);
  trials[4].slot.attempt = 1;
  trials[5].slot.attempt = 1;
  EXPECT_EQ(RepetitionsLeft(20, trials, 5), 0u);
}

}  // namespace
}  // namespace polymux::bench
