#ifndef POLYMUX_BENCH_REPORT_PAGE_H_
#define POLYMUX_BENCH_REPORT_PAGE_H_

#include <string>

#include "bench/lab/analysis.h"
#include "bench/lab/results.h"

namespace polymux::bench {

// The report as one HTML document that needs nothing else: no network, no
// script.  REQUIRES: `analysis` is that of `results`.
std::string RenderPage(const Results& results, const Analysis& analysis);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_REPORT_PAGE_H_
