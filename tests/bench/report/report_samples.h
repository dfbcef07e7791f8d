#ifndef POLYMUX_TESTS_BENCH_REPORT_REPORT_SAMPLES_H_
#define POLYMUX_TESTS_BENCH_REPORT_REPORT_SAMPLES_H_

#include "bench/lab/analysis.h"
#include "bench/lab/results.h"

namespace polymux::bench {

// A comparison in which everything occurs that a report can show: four
// workloads of 10 active among 10 to 10,000 connections, two of an open loop,
// one of 100 active among 1,000; "epoll-lt" with its control "epoll-lt#2",
// "epoll-et" (cheaper), "poll" (dearer with every silent connection), "select"
// (unable to watch the most) and a foreign arm whose name and command are
// hostile to HTML; `rounds` rounds. `more_arms` further arms cost as much as
// the baseline.
Results RichResults(int rounds, int more_arms = 0);

// Of these results, with an effect, a verdict and a reason for each arm, sound
// controls, cost models and crossovers.
Analysis RichAnalysis(const Results& results);

// The hostile arm's name.
inline constexpr char kHostile[] = "<b>x</b>&\"'|";

}  // namespace polymux::bench

#endif  // POLYMUX_TESTS_BENCH_REPORT_REPORT_SAMPLES_H_
