#ifndef POLYMUX_BENCH_LAB_PLAN_H_
#define POLYMUX_BENCH_LAB_PLAN_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
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
  int rounds = 1;
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
};

// Why this arm cannot take part in this scenario; empty when it can.
std::string Obstacle(const Plan& plan, const Scenario& scenario,
                     const Arm& arm);

// The trials in the order in which they run: in each round each scenario, and
// in each of these each arm that can take part, once, in an order drawn from
// the seed.  The same plan gives the same order on every machine.
std::vector<Slot> Schedule(const Plan& plan);

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
