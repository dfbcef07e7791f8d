#ifndef POLYMUX_BENCH_REPORT_COST_CURVE_H_
#define POLYMUX_BENCH_REPORT_COST_CURVE_H_

#include <string>

#include "bench/lab/analysis.h"
#include "bench/lab/results.h"

namespace polymux::bench {

// Cost per message against connections, a panel for each family of scenarios
// that differ in nothing else, with the fitted cost models.  Empty when there
// is no such family.
std::string CostCurves(const Results& results, const Analysis& analysis);

// Cost per message against the active connections, a panel for each family of
// scenarios with as many connections that differ in nothing else.  Empty when
// there is no such family.
std::string ShareCurves(const Results& results, const Analysis& analysis);

// The crossovers, as list items.
std::string Crossovers(const Results& results, const Analysis& analysis);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_REPORT_COST_CURVE_H_
