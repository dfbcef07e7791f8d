#include "bench/lab/flags.h"

#include <cstdint>

namespace polymux::bench {
namespace {

// Of one CPU.
constexpr double kBusy = 0.9;

bool IsBusy(std::int64_t cpu_ns, std::int64_t window_ns) {
  return static_cast<double>(cpu_ns) >= kBusy * static_cast<double>(window_ns);
}

}  // namespace

std::vector<std::string_view> Flags(const Trial& trial) {
  std::vector<std::string_view> flags;
  const LoadOutcome& load = trial.load;
  if (load.server_cpu_ns && !IsBusy(*load.server_cpu_ns, load.window_ns)) {
    flags.push_back(kClientBound);
    if (!IsBusy(load.load_cpu_ns, load.window_ns)) {
      flags.push_back(kUnsaturated);
    }
  }
  if (trial.build && !IsOptimised(*trial.build)) flags.push_back(kDebugBuild);
  return flags;
}

}  // namespace polymux::bench
