#ifndef POLYMUX_BENCH_LAB_WHY_H_
#define POLYMUX_BENCH_LAB_WHY_H_

#include <span>
#include <string>
#include <string_view>

#include "bench/lab/scenario.h"
#include "bench/lab/selection.h"

namespace polymux::bench {

// What an arm does otherwise than the baseline, per message, in a sentence to
// follow its name: "makes 1.00 more reads (0.99 of them EAGAIN) but 0.02 fewer
// changes per message than epoll-lt.".  Only differences whose interval over
// the rounds excludes zero are told; that they are the cause is not claimed.
// Empty when one of the two keeps no counters, or with too few rounds.
std::string ExplainCounters(std::string_view baseline,
                            std::span<const TrialPair> rounds,
                            const Scenario& scenario, double confidence);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_WHY_H_
