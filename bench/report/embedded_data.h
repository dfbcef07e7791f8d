#ifndef POLYMUX_BENCH_REPORT_EMBEDDED_DATA_H_
#define POLYMUX_BENCH_REPORT_EMBEDDED_DATA_H_

#include <cstddef>
#include <string>

#include "bench/lab/results.h"

namespace polymux::bench {

// HTML of at most `room` bytes, or a short excuse: a link to the results within
// the link itself.  Where the latency histograms of all trials do not fit they
// are added up for each arm, so that a report from them has the same charts and
// the same data in it; where not even these fit, in coarser buckets.
std::string EmbeddedData(const Results& results, std::size_t room);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_REPORT_EMBEDDED_DATA_H_
