#ifndef POLYMUX_BENCH_REPORT_LATENCIES_H_
#define POLYMUX_BENCH_REPORT_LATENCIES_H_

#include <cstdint>
#include <map>
#include <string>

#include "bench/lab/results.h"

namespace polymux::bench {

// How often each latency (the upper bound of its bucket, in ns) occurred.
// Percentiles of several trials come from their counts added up, never from an
// average of their percentiles.
using LatencyCounts = std::map<std::int64_t, std::int64_t>;

// Of an arm in a scenario, of all trials together that count: one per round.
// Where the trials have no histograms, what the results have in their place.
LatencyCounts MergeLatencies(const Results& results, std::size_t scenario,
                             std::size_t arm);

// The same in larger buckets, 2 to the power of `resolution` for each doubling
// of the latency.
LatencyCounts Coarsen(const LatencyCounts& counts, int resolution);

// A percentile distribution as HdrHistogram's tools read it (.hgrm), in
// microseconds.  REQUIRES: there are counts.
std::string RenderHgrm(const LatencyCounts& counts);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_REPORT_LATENCIES_H_
