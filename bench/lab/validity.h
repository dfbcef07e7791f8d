#ifndef POLYMUX_BENCH_LAB_VALIDITY_H_
#define POLYMUX_BENCH_LAB_VALIDITY_H_

#include "bench/lab/analysis.h"

namespace polymux::bench {

// Whether an arm that should have been measured has no valid trial, or no arm
// could be measured at all: such results are not to be used.
bool LacksArm(const Analysis& analysis);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_VALIDITY_H_
