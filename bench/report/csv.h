#ifndef POLYMUX_BENCH_REPORT_CSV_H_
#define POLYMUX_BENCH_REPORT_CSV_H_

#include <string>

#include "bench/lab/results.h"

namespace polymux::bench {

// The trials as tidy data (RFC 4180): a heading, then a line for each trial and
// each metric that it has.
std::string RenderCsv(const Results& results);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_REPORT_CSV_H_
