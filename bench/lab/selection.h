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
  // The first untainted attempt, else the last: what descriptions are made of.
  TrialByRound best;
  // Those of `best` that are untainted.
  TrialByRound clean;
  // All attempts, and all untainted ones, by attempt: a round may have several.
  std::vector<const Trial*> valid;
  std::vector<const Trial*> untainted;
};

// A trial of an arm, and the one of the baseline that it is compared with.
struct TrialPair {
  const Trial* arm;
  const Trial* baseline;
};

// The pointers are into `trials`, which are all of the run.
SelectedTrials SelectTrials(std::span<const Trial> trials, std::size_t scenario,
                            std::size_t arm);

// Pairs are of one attempt: what the machine did in it is in both.  A round has
// one at most, the first there is, so that being run again for the sake of
// other arms changes nothing.  They come by round.

// Of attempts in which both are valid, as if nothing were known of
// disturbances.
std::vector<TrialPair> PairValid(const SelectedTrials& arm,
                                 const SelectedTrials& baseline);

// Of attempts in which both are untainted.
std::vector<TrialPair> PairUntainted(const SelectedTrials& arm,
                                     const SelectedTrials& baseline);

// The untainted pairs, and the valid ones of rounds without any.
std::vector<TrialPair> PairBest(const SelectedTrials& arm,
                                const SelectedTrials& baseline);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_SELECTION_H_
