#ifndef POLYMUX_BENCH_REPORT_LOAD_CURVE_H_
#define POLYMUX_BENCH_REPORT_LOAD_CURVE_H_

#include <string>

#include "bench/lab/analysis.h"
#include "bench/lab/results.h"

namespace polymux::bench {

// Latency against the rate of an open loop: panels for p50 and p99 for each
// family of scenarios that differ in their rate only.  Empty when there is no
// such family.
std::string LoadCurves(const Results& results, const Analysis& analysis);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_REPORT_LOAD_CURVE_H_
