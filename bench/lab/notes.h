#ifndef POLYMUX_BENCH_LAB_NOTES_H_
#define POLYMUX_BENCH_LAB_NOTES_H_

#include <span>
#include <string>
#include <vector>

#include "bench/lab/analysis.h"
#include "bench/lab/results.h"

namespace polymux::bench {

// What must stand beside the figures lest they mislead, the gravest first: a
// sentence or two each.
std::vector<std::string> Notes(const Results& results,
                               std::span<const Cell> cells);

// Why these figures must not be quoted at all; empty when they may be.
std::string DebugWarning(const Results& results);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_NOTES_H_
