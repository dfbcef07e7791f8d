#ifndef POLYMUX_BENCH_REPORT_STRIP_PLOT_H_
#define POLYMUX_BENCH_REPORT_STRIP_PLOT_H_

#include <string>

#include "bench/lab/analysis.h"
#include "bench/lab/results.h"

namespace polymux::bench {

// For each scenario a panel with the cost per message of each trial in the
// order in which they ran.  Empty without trials.
std::string StripPlots(const Results& results, const Analysis& analysis);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_REPORT_STRIP_PLOT_H_
