#ifndef POLYMUX_BENCH_LAB_CROSSOVER_H_
#define POLYMUX_BENCH_LAB_CROSSOVER_H_

#include <cstddef>
#include <span>
#include <vector>

#include "bench/lab/estimate.h"
#include "bench/lab/plan.h"
#include "bench/lab/trial.h"

namespace polymux::bench {

// Where two arms cost the same per message, as connections grow.
struct Crossover {
  std::size_t arm;    // cheaper with fewer connections
  std::size_t other;  // cheaper with more
  int active = 1;     // connections that send
  Estimate connections;
  bool extrapolated = false;  // beyond what was measured
};

// Those between two measured numbers of connections, as many active in both:
// the ratio of the two arms passes 1 from one number to the next, once in all,
// and so in 95 % of the resamplings of the rounds, whose middle 95 % are the
// interval.  Between the two numbers the cost of a message is taken as a
// straight line.  Of several attempts at a round the first that both arms have
// counts.  The control takes no part.  REQUIRES: the trials are valid and
// differ in nothing but connections, active ones and arms.  A function of its
// arguments alone.
std::vector<Crossover> MeasuredCrossovers(const Plan& plan,
                                          std::span<const Trial* const> trials);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_CROSSOVER_H_
