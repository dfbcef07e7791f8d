#ifndef POLYMUX_BENCH_LAB_VALIDITY_H_
#define POLYMUX_BENCH_LAB_VALIDITY_H_

#include <string>
#include <vector>

#include "bench/lab/analysis.h"
#include "bench/lab/plan.h"

namespace polymux::bench {

// Which arm has no valid trial in a scenario, or more invalid ones than
// `plan.max_invalid` allows: a sentence for each.
std::vector<std::string> InvalidArms(const Plan& plan,
                                     const Analysis& analysis);

// Whether the results may be used: each arm that was to be measured has been,
// none is in InvalidArms, and there is one.
bool IsUsable(const Plan& plan, const Analysis& analysis);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_VALIDITY_H_
