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

// A machine that changes while a run goes on, from trial to trial in the order
// in which they are run, so that its pace is not common to the arms of a round.
struct SimulatedMachine {
  // Standard deviation of the logarithm of a trial's cost.
  double noise = 0.015;
  // Single trials are far off now and then (as in Simulation).
  bool heavy_tails = false;
  // It has two speeds; how probable it is that it changes before a trial, and
  // what a message costs at the lower one.
  double switching = 0;
  double slow = 1.33;
  // Standard deviation of the step that the logarithm of its pace takes before
  // each trial; of what it was, nine tenths remain.
  double wandering = 0;
  // How much dearer the last trial of a run of 1,000 is than the first.
  double drift = 0;
};

// Six scenarios in `rounds` rounds or the whole blocks that they take; the arms
// "base", its control "base#2", "a", "b", "c", "d" and "low", which takes part
// in three.
Plan SimulatedTable(int rounds);

// Trials at these slots, one after the other.  All arms cost the same, but "d"
// `injected` more.
std::vector<Trial> SimulateMachine(const SimulatedMachine& machine,
                                   const std::vector<Slot>& slots,
                                   double injected, std::mt19937_64& random);

}  // namespace polymux::bench

#endif  // POLYMUX_TESTS_BENCH_SIMULATED_RUN_H_
