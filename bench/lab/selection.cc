#include "bench/lab/selection.h"

#include <algorithm>
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
      rounds.clean[round] = trial;
      rounds.best[round] = trial;
    } else if (!rounds.clean.contains(round)) {
      rounds.best[round] = trial;
    }
  }
  return rounds;
}

}  // namespace polymux::bench
