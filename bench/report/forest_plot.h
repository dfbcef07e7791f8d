#ifndef POLYMUX_BENCH_REPORT_FOREST_PLOT_H_
#define POLYMUX_BENCH_REPORT_FOREST_PLOT_H_

#include <string>

#include "bench/lab/analysis.h"
#include "bench/lab/results.h"

namespace polymux::bench {

// For each scenario a panel with the ratio of each arm to the baseline, its
// interval, and the band of the A/A control.  Empty without any ratio.
std::string ForestPlots(const Results& results, const Analysis& analysis);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_REPORT_FOREST_PLOT_H_
