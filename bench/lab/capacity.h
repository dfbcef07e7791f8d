#ifndef POLYMUX_BENCH_LAB_CAPACITY_H_
#define POLYMUX_BENCH_LAB_CAPACITY_H_

#include <array>
#include <span>
#include <vector>

#include "bench/lab/plan.h"
#include "bench/lab/trial.h"

namespace polymux::bench {

// The rates of an open loop, of the lowest capacity.
inline constexpr std::array kOpenLoopPercents{10, 30, 50, 70, 90};

// What finds the capacities: the same plan in a closed loop, a few rounds of it
// and nothing more, each not longer than a capacity takes to be seen.  Throws
// UsageError naming a scenario whose traffic has no open loop or that no arm
// can take part in, or when the durations leave no room for the rate of a
// server.
Plan CapacityPlan(const Plan& plan);

// For each scenario the messages per second of its slowest arm, each arm's
// being the median of its valid `trials`.  Throws std::runtime_error naming a
// scenario without any.
std::vector<double> LowestCapacities(const Plan& plan,
                                     std::span<const Trial> trials);

// The plan with, for each scenario, one for each of the percentages, named like
// "echo-100@30%": an open loop whose rate is that share of the capacity, the
// same for all arms.  REQUIRES: one capacity per scenario.
Plan OpenLoopPlan(const Plan& plan, std::span<const double> capacities);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_CAPACITY_H_
