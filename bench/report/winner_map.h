#ifndef POLYMUX_BENCH_REPORT_WINNER_MAP_H_
#define POLYMUX_BENCH_REPORT_WINNER_MAP_H_

#include <string>

#include "bench/lab/analysis.h"
#include "bench/lab/results.h"

namespace polymux::bench {

// A table of connections by active share with the cheapest arm of each.  Empty
// unless at least two such combinations were measured.
std::string WinnerMap(const Results& results, const Analysis& analysis);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_REPORT_WINNER_MAP_H_
