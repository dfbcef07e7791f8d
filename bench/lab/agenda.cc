#include "bench/lab/agenda.h"

#include <algorithm>
#include <iterator>

#include "bench/lab/precision.h"
#include "bench/lab/repetition.h"

namespace polymux::bench {

Agenda::Agenda(const Plan& plan)
    : plan_(plan), schedule_(Schedule(plan)), rounds_(MostRounds(plan)) {}

std::vector<Slot> Agenda::Next(std::span<const Trial> trials) {
  // What is repeated for the last round comes after it.
  while (round_ < rounds_ + kMostRepetitions) {
    if (plan_.precision && !precise_after_ && round_ < rounds_ &&
        IsPreciseEnough(plan_, trials, round_)) {
      precise_after_ = round_;
    }
    std::vector<Slot> next = TakeRound();
    std::ranges::copy(
        Repetitions(trials, round_,
                    RepetitionsLeft(schedule_.size(), trials, next.size())),
        std::back_inserter(next));
    ++round_;
    if (!next.empty()) return next;
  }
  return {};
}

std::vector<Slot> Agenda::TakeRound() {
  std::vector<Slot> slots;
  for (; taken_ < schedule_.size() && schedule_[taken_].round == round_;
       ++taken_) {
    if (!HasEnded(schedule_[taken_])) slots.push_back(schedule_[taken_]);
  }
  return slots;
}

bool Agenda::HasEnded(const Slot& slot) const {
  return precise_after_ &&
         slot.round >= ScenarioRounds(plan_, plan_.scenarios[slot.scenario],
                                      *precise_after_);
}

}  // namespace polymux::bench
