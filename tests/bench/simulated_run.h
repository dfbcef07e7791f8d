#ifndef POLYMUX_TESTS_BENCH_SIMULATED_RUN_H_
#define POLYMUX_TESTS_BENCH_SIMULATED_RUN_H_

#include <cstdint>
#include <random>
#include <vector>

#include "bench/lab/plan.h"
#include "bench/lab/trial.h"

namespace polymux::bench {

// A comparison of which the truth is known.
struct Simulation {
  int rounds = 24;
  // Standard deviation of the log-ratio of two arms in a round.
  double noise = 0.02;
  // What "slow" costs more than the others.
  double injected = 0.03;
  // Whether single trials are far off now and then (Student's t with three
  // degrees of freedom, of the same standard deviation).
  bool heavy_tails = false;
};

// One scenario; the arms "base", its control "base#2", "same", which is no
// different either, and "slow".
Plan SimulatedPlan(int rounds);

// Trials of that plan.
std::vector<Trial> SimulateTrials(const Simulation& simulation,
                                  std::mt19937_64& random);

}  // namespace polymux::bench

#endif  // POLYMUX_TESTS_BENCH_SIMULATED_RUN_H_
