#include "tests/bench/resample.h"

#include <algorithm>
#include <map>

namespace polymux::bench {

std::vector<Trial> ResampleRounds(std::span<const Trial> trials, int rounds,
                                  int block, std::mt19937_64& random) {
  std::map<int, std::vector<const Trial*>> by_round;
  for (const Trial& trial : trials) {
    by_round[trial.slot.round].push_back(&trial);
  }
  std::vector<const std::vector<const Trial*>*> recorded;
  recorded.reserve(by_round.size());
  for (const auto& [round, of_round] : by_round) recorded.push_back(&of_round);
  const auto length = static_cast<std::size_t>(block);
  std::uniform_int_distribution<std::size_t> first(0, recorded.size() - length);
  std::vector<Trial> resampled;
  for (int round = 0; round < rounds;) {
    const std::size_t start = first(random);
    for (std::size_t i = 0; i < length && round < rounds; ++i, ++round) {
      for (const Trial* trial : *recorded[start + i]) {
        resampled.push_back(*trial);
        resampled.back().slot.round = round;
      }
    }
  }
  return resampled;
}

void ExchangeCopies(std::span<const std::size_t> copies,
                    std::vector<Trial>& trials, std::mt19937_64& random) {
  std::map<std::pair<std::size_t, int>, std::vector<std::size_t>> new_arms;
  for (Trial& trial : trials) {
    if (std::ranges::find(copies, trial.slot.arm) == copies.end()) continue;
    auto [entry, is_new] =
        new_arms.try_emplace({trial.slot.scenario, trial.slot.round});
    if (is_new) {
      entry->second.assign(copies.begin(), copies.end());
      std::ranges::shuffle(entry->second, random);
    }
    const auto place = std::ranges::find(copies, trial.slot.arm);
    trial.slot.arm =
        entry->second[static_cast<std::size_t>(place - copies.begin())];
  }
}

}  // namespace polymux::bench
