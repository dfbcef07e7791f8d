#include "tests/bench/resample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/bench/simulated_run.h"

namespace polymux::bench {
namespace {

using testing::SizeIs;

std::vector<Trial> Recorded() {
  std::mt19937_64 random(1);
  std::vector<Trial> trials = SimulateTrials({.rounds = 10}, random);
  // Tells where a trial was recorded.
  for (Trial& trial : trials) {
    trial.load.messages =
        10 * trial.slot.round + static_cast<std::int64_t>(trial.slot.arm);
  }
  return trials;
}

TEST(ResampleTest, RoundsStayWholeAndBlocksInOrder) {
  const auto recorded = Recorded();
  std::mt19937_64 random(7);
  const auto trials = ResampleRounds(recorded, 12, 3, random);
  ASSERT_THAT(trials, SizeIs(12 * 4));
  std::set<std::int64_t> starts;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    EXPECT_EQ(trials[i].slot.round, static_cast<int>(i / 4));
    const std::int64_t from = trials[i].load.messages / 10;
    EXPECT_EQ(from, trials[i - i % 12].load.messages / 10 +
                        static_cast<std::int64_t>(i % 12 / 4));
    if (i % 12 == 0) starts.insert(from);
  }
  EXPECT_GT(starts.size(), 1u);
}

TEST(ResampleTest, CopiesChangePlacesWithinTheirRound) {
  auto trials = Recorded();
  const std::size_t copies[] = {0, 1, 2};
  std::mt19937_64 random(7);
  ExchangeCopies(copies, trials, random);
  int changed = 0;
  std::set<std::pair<int, std::size_t>> places;
  for (const Trial& trial : trials) {
    const auto was = static_cast<std::size_t>(trial.load.messages % 10);
    EXPECT_EQ(trial.slot.round, trial.load.messages / 10);
    EXPECT_EQ(was == 3, trial.slot.arm == 3);
    changed += trial.slot.arm != was;
    places.emplace(trial.slot.round, trial.slot.arm);
  }
  EXPECT_GT(changed, 0);
  EXPECT_THAT(places, SizeIs(trials.size()));
}

}  // namespace
}  // namespace polymux::bench
