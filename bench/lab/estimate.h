#ifndef POLYMUX_BENCH_LAB_ESTIMATE_H_
#define POLYMUX_BENCH_LAB_ESTIMATE_H_

#include <vector>

namespace polymux::bench {

// A number with the interval in which it lies.
struct Estimate {
  double value = 0;
  double low = 0;
  double high = 0;
};

// Of the resamplings of an estimate that it takes to tell it, and of those that
// lie in its interval.
inline constexpr double kModelConfidence = 0.95;

// The middle 95 % of `drawn`, with `value` in it.  REQUIRES: not empty.
Estimate MakeEstimate(double value, std::vector<double> drawn);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_ESTIMATE_H_
