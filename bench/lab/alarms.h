#ifndef POLYMUX_BENCH_LAB_ALARMS_H_
#define POLYMUX_BENCH_LAB_ALARMS_H_

#include <string>
#include <vector>

#include "bench/lab/analysis.h"
#include "bench/lab/results.h"

namespace polymux::bench {

// Why nobody should quote these figures, a sentence or two each: a build that
// is not optimised, a control that came out as different.  In plain text, for
// whatever tells somebody the figures to begin with.
std::vector<std::string> Alarms(const Results& results,
                                const Analysis& analysis);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_ALARMS_H_
