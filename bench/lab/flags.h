#ifndef POLYMUX_BENCH_LAB_FLAGS_H_
#define POLYMUX_BENCH_LAB_FLAGS_H_

#include <cstddef>
#include <set>
#include <span>
#include <string_view>
#include <tuple>
#include <vector>

#include "bench/lab/plan.h"
#include "bench/lab/trial.h"

namespace polymux::bench {

// What a reader must know of a trial that is valid.  docs/method.md declares
// the thresholds.

// Something else than the arm disturbed the trial; it is tainted, and its round
// repeated.  Nothing that is judged here is the outcome that arms are compared
// by.

// The machine changed its pace during this attempt at a round: see
// UnevenRounds.
inline constexpr std::string_view kPace = "pace";

// A hypervisor took CPU time away: more than 2.5 % of the window.
inline constexpr std::string_view kSteal = "steal";

// Programs other than server and load generator used CPU time: more than 10 %
// of the window.
inline constexpr std::string_view kOtherCpu = "other-cpu";

// A CPU quota of the control group that all of this runs in stopped server or
// load generator for a while.
inline constexpr std::string_view kThrottled = "throttled";

// The load generator of an open loop could not keep its own times.
inline constexpr std::string_view kLateGenerator = "late-generator";

// Properties of the arm or the workload, which a repetition would not change.

// CPU per message of the window's halves, or in a closed loop their messages,
// differ by more than 15 %.  A remark: it is the outcome, and trials chosen by
// it would not be those that happened.
inline constexpr std::string_view kUnsteady = "unsteady";

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

// How far a calibration may be from the median of its attempt at a round.
inline constexpr double kPaceLimit = 0.05;

// The attempts at a round of a scenario during which the machine changed its
// pace: one of the calibrations before and after the trials of all arms is
// farther than kPaceLimit from the median of them all.  So all arms of such an
// attempt are tainted together, whichever of them the change has met.  Trials
// without calibrations (those of older versions) say nothing.
class UnevenRounds {
 public:
  explicit UnevenRounds(std::span<const Trial> trials);

  bool Contains(const Slot& slot) const;

 private:
  using Attempt = std::tuple<std::size_t, int, int>;

  std::set<Attempt> attempts_;
};

// Functions of their arguments alone; `uneven` is of all trials.
std::vector<std::string_view> Flags(const Plan& plan, const Trial& trial,
                                    const UnevenRounds& uneven);
bool IsTainted(const Trial& trial, const UnevenRounds& uneven);

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
