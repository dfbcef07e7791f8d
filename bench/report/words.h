#ifndef POLYMUX_BENCH_REPORT_WORDS_H_
#define POLYMUX_BENCH_REPORT_WORDS_H_

#include <span>
#include <string>
#include <vector>

#include "bench/lab/analysis.h"
#include "bench/lab/plan.h"
#include "bench/lab/results.h"

namespace polymux::bench {

// What the reports in all formats say in the same words.  Plain text: whoever
// puts it into HTML or Markdown escapes it.

// The cells of one scenario, by arm.
std::span<const Cell> CellsOfScenario(const Plan& plan,
                                      const Analysis& analysis,
                                      std::size_t scenario);

// What the control says of a scenario; null when there is none.
const ControlCheck* FindControl(const Analysis& analysis, std::size_t scenario);

// "slower", "baseline", "control", "not measured", "no verdict".
std::string VerdictWord(const Plan& plan, const Cell& cell);

// "1.034 (1.021 to 1.047)"; without an interval "1.034"; "" without any.
std::string EffectText(const Cell& cell);

// "epoll-lt needs 4.93 us of server CPU per message. Slower: poll (1.204,
// 1.19 to 1.22). Equivalent: ..."  And why the others have no verdict.
std::string ScenarioSentence(const Plan& plan, const Analysis& analysis,
                             std::size_t scenario);

// What kind of program the arm is, in a sentence or two.
std::string AboutArm(const Arm& arm);

// "epoll-lt, poll and select".
std::string Join(const std::vector<std::string>& words);

// Milliseconds or seconds: "500 ms", "3 s".
std::string LengthText(std::chrono::nanoseconds length);

// The median of `values`.  REQUIRES: there are some.
double Median(std::vector<double> values);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_REPORT_WORDS_H_
