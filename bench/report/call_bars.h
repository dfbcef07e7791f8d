#ifndef POLYMUX_BENCH_REPORT_CALL_BARS_H_
#define POLYMUX_BENCH_REPORT_CALL_BARS_H_

#include <string>

#include "bench/lab/analysis.h"
#include "bench/lab/results.h"

namespace polymux::bench {

// For each scenario a panel with the system calls per message of each arm, by
// name.  Empty when no server counted.
std::string CallBars(const Results& results, const Analysis& analysis);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_REPORT_CALL_BARS_H_
