#ifndef POLYMUX_BENCH_LAB_SELECTION_H_
#define POLYMUX_BENCH_LAB_SELECTION_H_

#include <cstddef>
#include <map>
#include <span>
#include <vector>

#include "bench/lab/trial.h"

namespace polymux::bench {

using TrialByRound = std::map<int, const Trial*>;

// The trials of one arm in one scenario that count, at most one per round.
// Only valid ones do.
struct SelectedTrials {
  // The last untainted attempt, else the last: what descriptions are made of.
  TrialByRound best;
  // Those of `best` that are untainted.
  TrialByRound clean;
  // As if nothing had been repeated.
  TrialByRound first;
  // All untainted attempts, by attempt: a round may have several.
  std::vector<const Trial*> untainted;
};

// A trial of an arm, and the one of the baseline that it is compared with.
struct TrialPair {
  const Trial* arm;
  const Trial* baseline;
};

// The pointers are into `trials`.
SelectedTrials SelectTrials(std::span<const Trial> trials, std::size_t scenario,
                            std::size_t arm);

// The rounds that both have, ascending.
std::vector<TrialPair> PairRounds(const TrialByRound& arm,
                                  const TrialByRound& baseline);

// The rounds that have an attempt in which both are untainted, ascending; the
// last such attempt: what the machine did in it is in both.
std::vector<TrialPair> PairUntainted(const SelectedTrials& arm,
                                     const SelectedTrials& baseline);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_SELECTION_H_
