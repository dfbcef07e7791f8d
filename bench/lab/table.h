#ifndef POLYMUX_BENCH_LAB_TABLE_H_
#define POLYMUX_BENCH_LAB_TABLE_H_

#include <string>

#include "bench/lab/results.h"
#include "bench/lab/text.h"

namespace polymux::bench {

// What the person sees: the verdicts in a sentence, why the run must not be
// quoted (in red, if it must not), three tables per scenario (cost and latency;
// what the server did per message; what a call brought and where the time
// went), the reasons of the verdicts, notes.  80
// columns, and at most 100 when arms have long names.
std::string RenderTable(const Results& results, Colour colour = Colour::kNone);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_TABLE_H_
