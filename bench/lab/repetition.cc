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
  bool is_lost = false;  // a trial is invalid or tainted

  bool Holds(const Slot& slot) const {
    return slot.scenario == first.scenario && slot.round == first.round;
  }
};

// The latest attempt at each of the rounds of which one may be repeated after
// the first attempts at `round`, in the order of the first ones.
std::vector<RoundAttempt> LatestAttempts(std::span<const Trial> trials,
                                         int round) {
  const UnevenRounds uneven(trials);
  std::vector<RoundAttempt> attempts;
  for (const Trial& trial : trials) {
    const Slot& slot = trial.slot;
    if (slot.round < round - kMostRepetitions) continue;
    auto attempt = std::ranges::find_if(
        attempts, [&slot](const RoundAttempt& a) { return a.Holds(slot); });
    if (attempt == attempts.end()) {
      attempts.push_back({slot});
      attempt = std::prev(attempts.end());
    } else if (attempt->first.attempt < slot.attempt) {
      *attempt = {slot};
    }
    attempt->slots.push_back(slot);
    attempt->is_lost =
        attempt->is_lost || !trial.valid() || IsTainted(trial, uneven);
  }
  return attempts;
}

bool IsDue(const RoundAttempt& latest, int round) {
  return latest.is_lost && latest.first.attempt < kMostRepetitions &&
         latest.first.round + 1 + latest.first.attempt == round;
}

}  // namespace

std::size_t RepetitionLimit(std::size_t trials) { return trials / 4; }

std::size_t RepetitionsLeft(std::size_t planned, std::span<const Trial> trials,
                            std::size_t next) {
  const auto repeated = static_cast<std::size_t>(std::ranges::count_if(
      trials, [](const Trial& trial) { return trial.slot.attempt > 0; }));
  const std::size_t first = trials.size() - repeated + next;
  const std::size_t now =
      std::min(RepetitionLimit(planned), RepetitionLimit(first) + next);
  return now > repeated ? now - repeated : 0;
}

std::vector<Slot> Repetitions(std::span<const Trial> trials, int round,
                              std::size_t limit) {
  std::vector<Slot> repetitions;
  for (const RoundAttempt& latest : LatestAttempts(trials, round)) {
    if (!IsDue(latest, round)) continue;
    if (repetitions.size() + latest.slots.size() > limit) break;
    for (Slot slot : latest.slots) {
      ++slot.attempt;
      repetitions.push_back(slot);
    }
  }
  return repetitions;
}

}  // namespace polymux::bench
