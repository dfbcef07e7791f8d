#ifndef POLYMUX_BENCH_LAB_TABLE_H_
#define POLYMUX_BENCH_LAB_TABLE_H_

#include <string>

#include "bench/lab/results.h"

namespace polymux::bench {

// What the person sees: a sentence, two tables per scenario (cost and latency;
// what the server did per message), notes.  80 columns, and at most 100 when
// arms have long names.
std::string RenderTable(const Results& results);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_TABLE_H_
