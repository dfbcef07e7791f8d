#ifndef POLYMUX_BENCH_REPORT_LATENCY_SPECTRUM_H_
#define POLYMUX_BENCH_REPORT_LATENCY_SPECTRUM_H_

#include <string>

#include "bench/lab/analysis.h"
#include "bench/lab/results.h"

namespace polymux::bench {

// For each scenario a panel with the latency at each percentile.  Empty without
// latencies.
std::string LatencySpectra(const Results& results, const Analysis& analysis);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_REPORT_LATENCY_SPECTRUM_H_
