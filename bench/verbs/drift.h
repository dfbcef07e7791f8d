#ifndef POLYMUX_BENCH_VERBS_DRIFT_H_
#define POLYMUX_BENCH_VERBS_DRIFT_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench/lab/results.h"

namespace polymux::bench {

// How run `i` of `runs` is called: `side`, or "run 2 of " it.
std::string NameOfRun(std::string_view side, std::size_t i, std::size_t runs);

// In what else the runs A and B differ than in the server, and what speaks
// against one of them by itself; a sentence each.  REQUIRES: neither is empty.
std::vector<std::string> FindDrift(std::span<const Results> a,
                                   std::span<const Results> b);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_VERBS_DRIFT_H_
