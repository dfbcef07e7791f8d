#ifndef POLYMUX_BENCH_LAB_EXPERIMENT_H_
#define POLYMUX_BENCH_LAB_EXPERIMENT_H_

#include <functional>

#include "bench/lab/plan.h"
#include "bench/lab/results.h"
#include "bench/lab/server.h"

namespace polymux::bench {

// Starts and stops each server that is not part of this program once, so that
// one that does not work is found before the measuring; learns the limits of
// their backends.  Throws std::runtime_error naming the arm; UsageError if one
// is not an optimised build and `allow_debug` is false; Interrupted.
void TryOwnArms(Plan& plan, const ServerOptions& options, bool allow_debug);

// Runs the trials of `results.plan`, then repeats tainted rounds, and appends
// all of them to `results.trials`; ends early when the plan's precision is
// reached.
// Tells of its progress on stderr and calls `save` after every round.  Sets
// `results.complete` at the end; throws Interrupted before that.
void RunExperiment(Results& results, const ServerOptions& options,
                   const std::function<void()>& save);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_EXPERIMENT_H_
