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

CpuAssignment AssignCpus(std::span<const int> allowed, int server_loops,
                         int load_threads) {
  if (allowed.size() < 2) return {};
  const auto each =
      static_cast<std::size_t>(std::max(server_loops, load_threads));
  const bool suffices = 2 * each <= allowed.size();
  const std::size_t for_load =
      suffices ? each
               : std::min(static_cast<std::size_t>(load_threads),
                          allowed.size() - 1);
  const std::size_t for_server = suffices ? each : allowed.size() - for_load;
  const auto server = allowed.first(for_server);
  const auto load = allowed.last(for_load);
  return {.server = {server.begin(), server.end()},
          .load = {load.begin(), load.end()}};
}

}  // namespace polymux::bench
