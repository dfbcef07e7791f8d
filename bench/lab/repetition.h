#ifndef POLYMUX_BENCH_LAB_REPETITION_H_
#define POLYMUX_BENCH_LAB_REPETITION_H_

#include <cstddef>
#include <span>
#include <vector>

#include "bench/lab/plan.h"
#include "bench/lab/trial.h"

namespace polymux::bench {

// How many trials may be repeated in an experiment of so many.
std::size_t RepetitionLimit(std::size_t trials);

// What to run again after `trials`: of each round of a scenario whose latest
// attempt has a tainted trial, all trials, for they are compared with each
// other; whole rounds in the order in which they were run, of at most `limit`
// trials together.
std::vector<Slot> Repetitions(std::span<const Trial> trials, std::size_t limit);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_REPETITION_H_
