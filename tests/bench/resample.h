#ifndef POLYMUX_TESTS_BENCH_RESAMPLE_H_
#define POLYMUX_TESTS_BENCH_RESAMPLE_H_

#include <cstddef>
#include <random>
#include <span>
#include <vector>

#include "bench/lab/trial.h"

namespace polymux::bench {

// A run of `rounds` rounds as it might have been: stretches of `block`
// consecutive rounds of `trials`, drawn with replacement (the moving block
// bootstrap, which keeps what neighbouring rounds have in common).  All trials
// of a round stay together.  REQUIRES: `trials` has at least `block` rounds.
std::vector<Trial> ResampleRounds(std::span<const Trial> trials, int rounds,
                                  int block, std::mt19937_64& random);

// In each round, the trials of `copies` (indices of arms that are the same
// program) change places at random: which of them had which figure is chance.
void ExchangeCopies(std::span<const std::size_t> copies,
                    std::vector<Trial>& trials, std::mt19937_64& random);

}  // namespace polymux::bench

#endif  // POLYMUX_TESTS_BENCH_RESAMPLE_H_
