#include "bench/lab/repetition.h"

#include <algorithm>
#include <iterator>

#include "bench/lab/flags.h"

namespace polymux::bench {
namespace {

// One attempt at one round of one scenario.
struct RoundAttempt {
  Slot first;
  std::vector<Slot> slots = {};
  bool tainted = false;

  bool Holds(const Slot& slot) const {
    return slot.scenario == first.scenario && slot.round == first.round;
  }
};

// The latest attempt at each round, in the order of the first ones.
std::vector<RoundAttempt> LatestAttempts(std::span<const Trial> trials) {
  std::vector<RoundAttempt> rounds;
  for (const Trial& trial : trials) {
    const Slot& slot = trial.slot;
    auto round = std::ranges::find_if(
        rounds, [&slot](const RoundAttempt& r) { return r.Holds(slot); });
    if (round == rounds.end()) {
      rounds.push_back({slot});
      round = std::prev(rounds.end());
    } else if (round->first.attempt < slot.attempt) {
      *round = {slot};
    }
    round->slots.push_back(slot);
    round->tainted = round->tainted || IsTainted(trial);
  }
  return rounds;
}

}  // namespace

std::size_t RepetitionLimit(std::size_t trials) { return trials / 4; }

std::vector<Slot> Repetitions(std::span<const Trial> trials,
                              std::size_t limit) {
  std::vector<Slot> repetitions;
  for (const RoundAttempt& round : LatestAttempts(trials)) {
    if (!round.tainted) continue;
    if (repetitions.size() + round.slots.size() > limit) break;
    for (Slot slot : round.slots) {
      ++slot.attempt;
      repetitions.push_back(slot);
    }
  }
  return repetitions;
}

}  // namespace polymux::bench
