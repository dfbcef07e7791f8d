#ifndef POLYMUX_BENCH_LAB_COST_MODEL_H_
#define POLYMUX_BENCH_LAB_COST_MODEL_H_

#include <array>
#include <optional>
#include <span>
#include <vector>

namespace polymux::bench {

// What one trial says of the waits of an arm.
struct WaitCost {
  int round;
  double watched;  // connections
  double ready;    // events per wait
  double cost_ns;  // server CPU per wait, the messages that it brought included
};

// cost_ns = [0] + [1] * watched + [2] * ready.
using CostCoefficients = std::array<double, 3>;

// The coefficients with the least relative squared error: costs span orders of
// magnitude, and so does their noise.  Empty with fewer than three distinct
// values of `watched`, or when the trials do not tell the coefficients apart.
std::optional<CostCoefficients> FitCost(std::span<const WaitCost> costs);

// The fits of `draws` resamplings of the rounds (with replacement), always the
// same for the same costs.  Those that cannot be fitted are left out.
std::vector<CostCoefficients> ResampleFits(std::span<const WaitCost> costs,
                                           int draws);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_COST_MODEL_H_
