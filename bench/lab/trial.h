#ifndef POLYMUX_BENCH_LAB_TRIAL_H_
#define POLYMUX_BENCH_LAB_TRIAL_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/lab/load_process.h"
#include "bench/lab/plan.h"
#include "bench/lab/server.h"
#include "bench/lab/snapshots.h"

namespace polymux::bench {

// One row of raw data: a fresh server under the load of one scenario.
struct Trial {
  Slot slot;
  // The machine's pace on the server's CPUs before and after it: see Calibrate.
  // Empty for trials of older versions.
  std::optional<std::array<std::int64_t, 2>> calibration_ns = {};
  std::string backend = {};  // as the server says; empty when it does not
  // Why it does not count; empty when it does.
  std::string invalid = {};
  LoadOutcome load = {};
  std::optional<CounterWindow> counters = {};
  std::optional<BuildInfo> build = {};  // of the server, where it says

  bool valid() const { return invalid.empty(); }
};

// Runs the trial of `slot`, whose plan overrides the reactors and CPUs of
// `server_options`; the load is the same for all arms of a round.  What goes
// wrong makes it invalid.  Leaves no process behind.  Throws Interrupted.
Trial RunTrial(const Plan& plan, const Slot& slot,
               const ServerOptions& server_options);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_TRIAL_H_
