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

double CostOfWait(const CostCoefficients& coefficients, double watched,
                  double ready);

// Which coefficients the trials tell apart.
enum class CostTerms {
  kNone,
  // The waits brought about as many ready ones each time: what those cost is
  // in [0], and [2] is 0.
  kWithoutReady,
  kAll,
};

// kNone with fewer than three distinct values of `watched`.
CostTerms FindCostTerms(std::span<const WaitCost> costs);

// The coefficients, none of them negative, with the least relative squared
// error: costs span orders of magnitude, and so does their noise; and nothing
// that a wait does takes less than no time.  Empty when the trials do not
// determine them.  REQUIRES: `terms` is not kNone.
std::optional<CostCoefficients> FitCost(std::span<const WaitCost> costs,
                                        CostTerms terms);

// The fits of `draws` resamplings of the rounds (with replacement), always the
// same for the same costs; the n-th draws the same rounds for all arms that
// have as many.  Those that cannot be fitted are left out.
std::vector<CostCoefficients> ResampleFits(std::span<const WaitCost> costs,
                                           CostTerms terms, int draws);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_COST_MODEL_H_
