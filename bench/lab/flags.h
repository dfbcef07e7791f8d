#ifndef POLYMUX_BENCH_LAB_FLAGS_H_
#define POLYMUX_BENCH_LAB_FLAGS_H_

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "bench/lab/plan.h"
#include "bench/lab/trial.h"

namespace polymux::bench {

// What a reader must know of a trial that is valid.  docs/method.md declares
// the thresholds.

// Something else disturbed the trial; it is tainted, and its round repeated.

// A hypervisor took CPU time away: more than 2.5 % of the
// window.
inline constexpr std::string_view kSteal = "steal";

// Programs other than server and load generator used CPU time: more than 10 %
// of the window.
inline constexpr std::string_view kOtherCpu = "other-cpu";

// CPU per message of the window's halves, or in a closed loop their messages,
// differ by more than 15 %.
inline constexpr std::string_view kUnsteady = "unsteady";

// The load generator of an open loop could not keep its own times.
inline constexpr std::string_view kLateGenerator = "late-generator";

// Properties of the arm or the workload, which a repetition would not change.

// The server had time to spare: it used less than 90 % of the CPUs that its
// loops can use.  So the load generator set the pace: messages per second and
// latency say little about the server; its CPU per message does.
inline constexpr std::string_view kClientBound = "client-bound";

// The load generator had time to spare too: other programs took the CPUs, or
// too few messages were on the way.
inline constexpr std::string_view kUnsaturated = "unsaturated";

// Less than 95 % of an open loop's messages were answered in time: its
// latencies are those of a queue that grows.
inline constexpr std::string_view kRateMissed = "rate-missed";

// Somebody waited for a CPU for more than 10 % of the window.
inline constexpr std::string_view kPressure = "psi";

// More reactors and load threads than CPUs.
inline constexpr std::string_view kOversubscribed = "oversubscribed";

// The server was compiled for debugging.
inline constexpr std::string_view kDebugBuild = "debug-build";

// Functions of their arguments alone.
std::vector<std::string_view> Flags(const Plan& plan, const Trial& trial);
bool IsTainted(const Trial& trial);

// How many of an arm's valid trials in a scenario have a flag.
struct FlagCount {
  int flagged = 0;
  int trials = 0;
};
FlagCount CountFlag(const Plan& plan, std::span<const Trial> trials,
                    std::size_t scenario, std::size_t arm,
                    std::string_view flag);

// Whether at least half of them have it.
bool IsMostly(std::string_view flag, const Plan& plan,
              std::span<const Trial> trials, std::size_t scenario,
              std::size_t arm);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_FLAGS_H_
