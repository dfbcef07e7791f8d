#include "bench/lab/selection.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "bench/lab/flags.h"

namespace polymux::bench {

SelectedTrials SelectTrials(std::span<const Trial> trials, std::size_t scenario,
                            std::size_t arm) {
  std::vector<const Trial*> attempts;
  for (const Trial& trial : trials) {
    if (trial.slot.scenario == scenario && trial.slot.arm == arm &&
        trial.valid()) {
      attempts.push_back(&trial);
    }
  }
  std::ranges::stable_sort(
      attempts, {}, [](const Trial* trial) { return trial->slot.attempt; });
  SelectedTrials rounds;
  for (const Trial* trial : attempts) {
    const int round = trial->slot.round;
    if (trial->slot.attempt == 0) rounds.first[round] = trial;
    if (!IsTainted(*trial)) {
      rounds.untainted.push_back(trial);
      rounds.clean[round] = trial;
      rounds.best[round] = trial;
    } else if (!rounds.clean.contains(round)) {
      rounds.best[round] = trial;
    }
  }
  return rounds;
}

std::vector<TrialPair> PairRounds(const TrialByRound& arm,
                                  const TrialByRound& baseline) {
  std::vector<TrialPair> pairs;
  for (const auto& [round, trial] : arm) {
    const auto found = baseline.find(round);
    if (found != baseline.end()) pairs.push_back({trial, found->second});
  }
  return pairs;
}

std::vector<TrialPair> PairUntainted(const SelectedTrials& arm,
                                     const SelectedTrials& baseline) {
  using Attempt = std::pair<int, int>;  // round and attempt
  const auto attempt_of = [](const Trial* trial) {
    return Attempt(trial->slot.round, trial->slot.attempt);
  };
  std::map<Attempt, const Trial*> of_baseline;
  for (const Trial* trial : baseline.untainted) {
    of_baseline[attempt_of(trial)] = trial;
  }
  std::map<int, TrialPair> by_round;
  for (const Trial* trial : arm.untainted) {
    const auto found = of_baseline.find(attempt_of(trial));
    if (found == of_baseline.end()) continue;
    by_round.insert_or_assign(trial->slot.round,
                              TrialPair{trial, found->second});
  }
  std::vector<TrialPair> pairs;
  pairs.reserve(by_round.size());
  for (const auto& [round, pair] : by_round) pairs.push_back(pair);
  return pairs;
}

}  // namespace polymux::bench
