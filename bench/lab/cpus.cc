#include "bench/lab/cpus.h"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <system_error>
#include <utility>

namespace polymux::bench {

std::vector<int> AllowedCpus() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) {
    throw std::system_error(errno, std::generic_category(),
                            "sched_getaffinity");
  }
  std::vector<int> cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(static_cast<std::size_t>(cpu), &set)) cpus.push_back(cpu);
  }
  return cpus;
}

bool SwapCpus(CpuAssignment& cpus) {
  if (cpus.server.empty() || cpus.server.size() != cpus.load.size()) {
    return false;
  }
  std::swap(cpus.server, cpus.load);
  return true;
}

CpuAssignment AssignCpus(std::span<const int> allowed, int load_threads) {
  if (allowed.size() < 2) return {};
  const std::size_t for_load =
      std::min(static_cast<std::size_t>(load_threads), allowed.size() - 1);
  const auto split = allowed.end() - static_cast<std::ptrdiff_t>(for_load);
  return {.server = {allowed.begin(), split}, .load = {split, allowed.end()}};
}

}  // namespace polymux::bench
