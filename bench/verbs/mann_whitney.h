#ifndef POLYMUX_BENCH_VERBS_MANN_WHITNEY_H_
#define POLYMUX_BENCH_VERBS_MANN_WHITNEY_H_

#include <span>

namespace polymux::bench {

// The two-sided p value of the Mann-Whitney U test: how likely two samples of
// one distribution are at least as far apart in rank as these.  Exact when one
// sample has at most 8 values and none are equal; else the normal
// approximation with corrections for ties and continuity, as
// scipy.stats.mannwhitneyu does.  1 for an empty sample.
double MannWhitneyP(std::span<const double> a, std::span<const double> b);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_VERBS_MANN_WHITNEY_H_
