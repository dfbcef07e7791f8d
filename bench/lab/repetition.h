#ifndef POLYMUX_BENCH_LAB_REPETITION_H_
#define POLYMUX_BENCH_LAB_REPETITION_H_

#include <cstddef>
#include <span>
#include <vector>

#include "bench/lab/plan.h"
#include "bench/lab/trial.h"

namespace polymux::bench {

// How often one round of a scenario may be repeated.
inline constexpr int kMostRepetitions = 2;

// How many trials may be repeated in an experiment of so many.
std::size_t RepetitionLimit(std::size_t trials);

// How many of them now, when `trials` of `planned` have been run and `next`
// more first attempts will be: no larger share than of those, and a round
// beyond it, lest a bad hour at the beginning uses up what a bad hour at the
// end would need.
std::size_t RepetitionsLeft(std::size_t planned, std::span<const Trial> trials,
                            std::size_t next);

// What to run again once the first attempts at `round` have been made, where
// `trials` are those before them: of each round of a scenario whose latest
// attempt has an invalid or a tainted trial, all trials, for they are compared
// with each other.  The first repetition of a round comes after the next one,
// the second one round later, or never.  Whole rounds in the order in which
// they were run, of at most `limit` trials together.
std::vector<Slot> Repetitions(std::span<const Trial> trials, int round,
                              std::size_t limit);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_REPETITION_H_
