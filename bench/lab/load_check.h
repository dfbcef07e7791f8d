#ifndef POLYMUX_BENCH_LAB_LOAD_CHECK_H_
#define POLYMUX_BENCH_LAB_LOAD_CHECK_H_

#include <string_view>

#include "bench/lab/plan.h"

namespace polymux::bench {

// Throws UsageError if the load generator would refuse a scenario under this
// plan, whatever the arm: with the scenario's place if it has one, else with
// the flag.  `rate_flag` is the one that the rates come from.
void CheckLoad(const Plan& plan, std::string_view rate_flag);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_LOAD_CHECK_H_
