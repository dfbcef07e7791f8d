#ifndef POLYMUX_BENCH_LAB_NOTES_H_
#define POLYMUX_BENCH_LAB_NOTES_H_

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bench/lab/analysis.h"
#include "bench/lab/results.h"

namespace polymux::bench {

// What must stand beside the figures lest they mislead, the gravest first: a
// sentence or two each.  In the notation of the table on the console.
std::vector<std::string> Notes(const Results& results,
                               std::span<const Cell> cells);

// The same in the notation of the HTML and the Markdown report.
std::vector<std::string> NotesOfReport(const Results& results,
                                       std::span<const Cell> cells);

// Why a scenario has arms without an effect.
struct RoundShortage {
  int rounds;         // in which an arm could be compared, at most
  int needed;         // for an interval of that confidence
  double confidence;  // of the stricter of arms and control
};

// Empty when no arm of the scenario lacks an effect for want of rounds.
std::optional<RoundShortage> FindRoundShortage(const Plan& plan,
                                               std::span<const Cell> cells,
                                               std::size_t scenario);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_NOTES_H_
