#ifndef POLYMUX_BENCH_LAB_PLAN_H_
#define POLYMUX_BENCH_LAB_PLAN_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/lab/arm.h"
#include "bench/lab/cpus.h"
#include "bench/lab/scenario.h"

namespace polymux::bench {

// All that decides what a comparison measures, and in which order.
struct Plan {
  std::vector<Scenario> scenarios;
  std::vector<Arm> arms;
  // The name of the arm that the others are compared with.
  std::string baseline;
  int reactors = 1;
  int load_threads = 1;
  // How many rounds, which each scenario rounds up to whole blocks of its own
  // (see ScenarioRounds); with a precision at most so many.
  int rounds = 1;
  // With a precision: at least so many.
  int least_rounds = 1;
  // False: a few unbalanced rounds, to try something, or for another purpose
  // than comparing.
  bool whole_blocks = true;
  // Stop at the end of a block when the interval of each arm's effect is no
  // wider than this to either side, as a share (0.01: +-1 %).  None: never.
  std::optional<double> precision = {};
  // An effect whose interval lies within [1 / (1 + margin), 1 + margin] is
  // "equivalent".
  double margin = 0.02;
  // Of an arm's trials in a scenario so many, as a share, may be invalid.
  double max_invalid = 0.1;
  // Of all intervals of the table together.
  double confidence = 0.95;
  // The arm that is a second copy of the baseline; empty: there is none.
  std::string control = {};
  std::chrono::nanoseconds warm_up{0};
  std::chrono::nanoseconds window{0};
  std::uint64_t seed = 0;
  // Descriptors that one process may have.
  std::size_t descriptor_limit = 0;
  CpuAssignment cpus;
};

// One trial to run.
struct Slot {
  std::size_t scenario;  // index into the plan
  std::size_t arm;       // index into the plan
  int round;             // from 0
  int position;          // from 0, within the round
  // How often this round has been run before, since it was tainted.
  int attempt = 0;
  // Whether server and load generator have changed places (their CPUs).
  bool cpus_swapped = false;
  // Bytes of meaningless environment, so that the stacks of server and load
  // generator do not begin at the same address in every trial.
  int padding = 0;
};

// How many idle connections fit beside the active ones into the descriptors
// that one process may have; at most 50,000.
int MostIdle(const Plan& plan, const Scenario& scenario);

// Why this arm cannot take part in this scenario; empty when it can.
std::string Obstacle(const Plan& plan, const Scenario& scenario,
                     const Arm& arm);

// The trials in the order in which they run: in each round each scenario that
// has so many (see ScenarioRounds), and in each of these each arm that can take
// part, once.  The orders are those of a Williams design, whose labels and rows
// are drawn from the seed anew for each block; server and load generator change
// places with every half of a whole block (see WholeRounds).  The same plan
// gives the same schedule on every machine.
std::vector<Slot> Schedule(const Plan& plan);

// How many these are, which takes no longer for more of them.
std::int64_t CountTrials(const Plan& plan);

// `rounds`, or the next greater number in which `arms` have whole blocks: two
// Williams squares each, of which one has the CPUs swapped.
int WholeRounds(int rounds, std::size_t arms);

// Those of the plan in whole blocks of the arms that can take part in this
// scenario, so that none is cut short, unless the plan says otherwise; 0 when
// no arm can.
int ScenarioRounds(const Plan& plan, const Scenario& scenario);

// The same of a plan of so many `rounds`.
int ScenarioRounds(const Plan& plan, const Scenario& scenario, int rounds);

// Those of the scenario that has most.
int MostRounds(const Plan& plan);

// The scenario's own number of I/O loops, or else the plan's.
int ReactorsOf(const Plan& plan, const Scenario& scenario);

// Those of the scenario that has most; at least 1.
int MostLoops(const Plan& plan);

// What chooses the bytes that are sent and the times of an open loop: the same
// for all arms of one attempt at a round, for they are compared, and another in
// each attempt, for a repetition of the same would show the same.
std::uint64_t LoadSeed(const Plan& plan, const Slot& slot);

// About how long one trial, or all that Schedule gives, takes.
std::chrono::nanoseconds EstimateTrial(const Plan& plan,
                                       const Scenario& scenario);
std::chrono::nanoseconds EstimateAll(const Plan& plan);

// The plan for a person: what --dry-run prints.  Ends with a newline.
std::string DescribePlan(const Plan& plan);

// "about 2 min", "about 40 s".
std::string DescribeLength(std::chrono::nanoseconds length);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_PLAN_H_
