#include "bench/lab/selection.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "bench/lab/flags.h"

namespace polymux::bench {
namespace {

using PairByRound = std::map<int, TrialPair>;

// Both lists are by attempt.
PairByRound FirstPairs(std::span<const Trial* const> arm,
                       std::span<const Trial* const> baseline) {
  using Attempt = std::pair<int, int>;  // round and attempt
  const auto attempt_of = [](const Trial* trial) {
    return Attempt(trial->slot.round, trial->slot.attempt);
  };
  std::map<Attempt, const Trial*> of_baseline;
  for (const Trial* trial : baseline) of_baseline[attempt_of(trial)] = trial;
  PairByRound pairs;
  for (const Trial* trial : arm) {
    const auto found = of_baseline.find(attempt_of(trial));
    if (found == of_baseline.end()) continue;
    pairs.try_emplace(trial->slot.round, TrialPair{trial, found->second});
  }
  return pairs;
}

std::vector<TrialPair> PairsOf(const PairByRound& by_round) {
  std::vector<TrialPair> pairs;
  pairs.reserve(by_round.size());
  for (const auto& [round, pair] : by_round) pairs.push_back(pair);
  return pairs;
}

}  // namespace

SelectedTrials SelectTrials(std::span<const Trial> trials, std::size_t scenario,
                            std::size_t arm) {
  SelectedTrials rounds;
  const UnevenRounds uneven(trials);
  for (const Trial& trial : trials) {
    if (trial.slot.scenario == scenario && trial.slot.arm == arm &&
        trial.valid()) {
      rounds.valid.push_back(&trial);
    }
  }
  std::ranges::stable_sort(
      rounds.valid, {}, [](const Trial* trial) { return trial->slot.attempt; });
  for (const Trial* trial : rounds.valid) {
    const int round = trial->slot.round;
    if (!IsTainted(*trial, uneven)) {
      rounds.untainted.push_back(trial);
      const bool is_first = rounds.clean.try_emplace(round, trial).second;
      if (is_first) rounds.best[round] = trial;
    } else if (!rounds.clean.contains(round)) {
      rounds.best[round] = trial;
    }
  }
  return rounds;
}

std::vector<TrialPair> PairValid(const SelectedTrials& arm,
                                 const SelectedTrials& baseline) {
  return PairsOf(FirstPairs(arm.valid, baseline.valid));
}

std::vector<TrialPair> PairUntainted(const SelectedTrials& arm,
                                     const SelectedTrials& baseline) {
  return PairsOf(FirstPairs(arm.untainted, baseline.untainted));
}

std::vector<TrialPair> PairBest(const SelectedTrials& arm,
                                const SelectedTrials& baseline) {
  auto pairs = FirstPairs(arm.untainted, baseline.untainted);
  pairs.merge(FirstPairs(arm.valid, baseline.valid));
  return PairsOf(pairs);
}

}  // namespace polymux::bench
