#include "bench/lab/flags.h"

#include <algorithm>
#include <cstdint>
#include <map>

#include "bench/lab/statistics.h"

namespace polymux::bench {
namespace {

// Shares of the window.  Steal and the CPU time of others are known in ticks of
// 10 ms: one tick in 500 ms must not be too much.
constexpr double kBusy = 0.9;  // of the CPUs that it can use
constexpr double kStealLimit = 0.025;
constexpr double kOtherCpuLimit = 0.10;
constexpr double kPressureLimit = 0.10;

constexpr double kHalvesLimit = 0.15;
// Fewer messages in a half say nothing about steadiness.
constexpr std::int64_t kMessagesOfAHalf = 100;
constexpr double kRateLimit = 0.95;

using FlagList = std::vector<std::string_view>;

std::tuple<std::size_t, int, int> AttemptOf(const Slot& slot) {
  return {slot.scenario, slot.round, slot.attempt};
}

double Share(std::int64_t part_ns, const LoadOutcome& load) {
  if (load.window_ns <= 0) return 0;
  return static_cast<double>(part_ns) / static_cast<double>(load.window_ns);
}

bool Differ(double one, double other) {
  return std::max(one, other) > std::min(one, other) * (1 + kHalvesLimit);
}

bool IsUnsteady(const LoadOutcome& load) {
  const auto& [first, second] = load.half_messages;
  if (std::min(first, second) < kMessagesOfAHalf) return false;
  const auto messages1 = static_cast<double>(first);
  const auto messages2 = static_cast<double>(second);
  // In an open loop the schedule decides how many messages a half has.
  if (!load.rate && Differ(messages1, messages2)) return true;
  if (!load.half_server_cpu_ns) return false;
  const auto& [cpu1, cpu2] = *load.half_server_cpu_ns;
  return Differ(static_cast<double>(cpu1) / messages1,
                static_cast<double>(cpu2) / messages2);
}

FlagList Disturbances(const Trial& trial, const UnevenRounds& uneven) {
  const LoadOutcome& load = trial.load;
  FlagList flags;
  if (uneven.Contains(trial.slot)) flags.push_back(kPace);
  if (Share(load.steal_ns.value_or(0), load) > kStealLimit) {
    flags.push_back(kSteal);
  }
  if (Share(load.other_cpu_ns, load) > kOtherCpuLimit) {
    flags.push_back(kOtherCpu);
  }
  if (load.throttled_ns.value_or(0) > 0) flags.push_back(kThrottled);
  if (load.rate && load.rate->late) flags.push_back(kLateGenerator);
  return flags;
}

// I/O loops of the trial's server, as far as is known.
int LoopsOf(const Plan& plan, const Trial& trial) {
  const Scenario& scenario = plan.scenarios[trial.slot.scenario];
  return plan.arms[trial.slot.arm].is_polymux()
             ? std::max(1, ReactorsOf(plan, scenario))
             : 1;
}

// Whether so many threads leave their CPUs (none: unpinned, there is one) time
// to spare.
bool HasTimeToSpare(std::int64_t cpu_ns, int threads, std::span<const int> cpus,
                    const LoadOutcome& load) {
  const int usable =
      std::min(threads, std::max(1, static_cast<int>(cpus.size())));
  return Share(cpu_ns, load) < kBusy * usable;
}

void AddPace(const Plan& plan, const Trial& trial, FlagList& flags) {
  const LoadOutcome& load = trial.load;
  if (load.rate) {
    // An open loop leaves both sides time to spare on purpose.
    if (load.rate->achieved < kRateLimit * load.rate->intended) {
      flags.push_back(kRateMissed);
    }
    return;
  }
  // Swapped CPUs are as many.
  if (!load.server_cpu_ns ||
      !HasTimeToSpare(*load.server_cpu_ns, LoopsOf(plan, trial),
                      plan.cpus.server, load)) {
    return;
  }
  flags.push_back(kClientBound);
  if (HasTimeToSpare(load.load_cpu_ns, plan.load_threads, plan.cpus.load,
                     load)) {
    flags.push_back(kUnsaturated);
  }
}

bool IsOversubscribed(const Plan& plan, const Trial& trial) {
  const std::size_t cpus =
      std::max<std::size_t>(1, plan.cpus.server.size() + plan.cpus.load.size());
  return LoopsOf(plan, trial) + plan.load_threads > static_cast<int>(cpus);
}

}  // namespace

UnevenRounds::UnevenRounds(std::span<const Trial> trials) {
  std::map<Attempt, std::vector<double>> calibrations;
  for (const Trial& trial : trials) {
    if (!trial.calibration_ns) continue;
    const auto [before_ns, after_ns] = *trial.calibration_ns;
    auto& of_attempt = calibrations[AttemptOf(trial.slot)];
    of_attempt.push_back(static_cast<double>(before_ns));
    of_attempt.push_back(static_cast<double>(after_ns));
  }
  for (const auto& [attempt, values] : calibrations) {
    const double median = SampleMedian(values);
    const auto is_off = [median](double value) {
      return std::max(value, median) >
             std::min(value, median) * (1 + kPaceLimit);
    };
    if (std::ranges::any_of(values, is_off)) attempts_.insert(attempt);
  }
}

bool UnevenRounds::Contains(const Slot& slot) const {
  return attempts_.contains(AttemptOf(slot));
}

std::vector<std::string_view> Flags(const Plan& plan, const Trial& trial,
                                    const UnevenRounds& uneven) {
  const LoadOutcome& load = trial.load;
  FlagList flags = Disturbances(trial, uneven);
  if (IsUnsteady(load)) flags.push_back(kUnsteady);
  AddPace(plan, trial, flags);
  // In microseconds.
  if (Share(load.psi_cpu_us.value_or(0) * 1000, load) > kPressureLimit) {
    flags.push_back(kPressure);
  }
  if (IsOversubscribed(plan, trial)) flags.push_back(kOversubscribed);
  if (trial.build && !IsOptimised(*trial.build)) flags.push_back(kDebugBuild);
  return flags;
}

bool IsTainted(const Trial& trial, const UnevenRounds& uneven) {
  return trial.valid() && !Disturbances(trial, uneven).empty();
}

FlagCount CountFlag(const Plan& plan, std::span<const Trial> trials,
                    std::size_t scenario, std::size_t arm,
                    std::string_view flag) {
  const UnevenRounds uneven(trials);
  FlagCount count;
  for (const Trial& trial : trials) {
    if (!trial.valid() || trial.slot.scenario != scenario ||
        trial.slot.arm != arm) {
      continue;
    }
    ++count.trials;
    const auto flags = Flags(plan, trial, uneven);
    if (std::ranges::find(flags, flag) != flags.end()) ++count.flagged;
  }
  return count;
}

bool IsMostly(std::string_view flag, const Plan& plan,
              std::span<const Trial> trials, std::size_t scenario,
              std::size_t arm) {
  const FlagCount count = CountFlag(plan, trials, scenario, arm, flag);
  return count.flagged > 0 && 2 * count.flagged >= count.trials;
}

}  // namespace polymux::bench
