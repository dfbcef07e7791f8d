#ifndef POLYMUX_BENCH_LAB_PRECISION_H_
#define POLYMUX_BENCH_LAB_PRECISION_H_

#include <span>

#include "bench/lab/plan.h"
#include "bench/lab/trial.h"

namespace polymux::bench {

// Whether the interval of each arm is as narrow as the plan's precision asks
// for.  REQUIRES: the plan has a precision.
bool IsPrecise(const Plan& plan, std::span<const Trial> trials);

// Whether the experiment may end after `rounds` rounds, of which `trials` are:
// at the end of a block of all arms, not before the plan's least number of
// rounds, when it IsPrecise.  What the intervals say has no part in it.
//
// On a machine that taints each round, the intervals are of the tainted ones
// (Cell::effect): more of them would be for nothing.
//
// REQUIRES: the plan has a precision.
bool IsPreciseEnough(const Plan& plan, std::span<const Trial> trials,
                     int rounds);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_PRECISION_H_
