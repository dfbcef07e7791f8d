#ifndef POLYMUX_BENCH_LAB_SELECTION_H_
#define POLYMUX_BENCH_LAB_SELECTION_H_

#include <cstddef>
#include <map>
#include <span>

#include "bench/lab/trial.h"

namespace polymux::bench {

using TrialByRound = std::map<int, const Trial*>;

// The trials of one arm in one scenario that count, at most one per round.
// Only valid ones do.
struct SelectedTrials {
  // The last untainted attempt, else the last: what descriptions are made of.
  TrialByRound best;
  // Those of `best` that are untainted: what effects are made of.
  TrialByRound clean;
  // As if nothing had been repeated.
  TrialByRound first;
};

// The pointers are into `trials`.
SelectedTrials SelectTrials(std::span<const Trial> trials, std::size_t scenario,
                            std::size_t arm);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_SELECTION_H_
