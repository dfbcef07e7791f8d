#ifndef POLYMUX_BENCH_REPORT_FIGURE_TABLES_H_
#define POLYMUX_BENCH_REPORT_FIGURE_TABLES_H_

#include <string>

#include "bench/lab/analysis.h"
#include "bench/lab/results.h"

namespace polymux::bench {

// For each scenario a table with the figures of all arms, another with what
// the servers did, and the reasons.
std::string FigureTables(const Results& results, const Analysis& analysis);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_REPORT_FIGURE_TABLES_H_
