#include "bench/load/system_usage.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "bench/load/own_cgroup.h"

namespace polymux::bench {
namespace {

std::optional<std::int64_t> Difference(std::optional<std::int64_t> later,
                                       std::optional<std::int64_t> earlier) {
  if (!later || !earlier) return std::nullopt;
  return *later - *earlier;
}

// The first line of proc(5)'s stat: "cpu user nice system idle iowait irq
// softirq steal guest guest_nice"; guests are in user and nice too.
void ReadStat(SystemUsage& usage) {
  std::ifstream file("/proc/stat");
  std::string cpu;
  std::int64_t user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0,
               softirq = 0, steal = 0;
  if (!(file >> cpu >> user >> nice >> system >> idle >> iowait >> irq >>
        softirq)) {
    return;
  }
  const std::int64_t tick_ns = 1'000'000'000 / sysconf(_SC_CLK_TCK);
  usage.busy_ns = (user + nice + system + irq + softirq) * tick_ns;
  if (file >> steal) usage.steal_ns = steal * tick_ns;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string key;
    if (words >> key && key == "processes") words >> usage.begun;
  }
}

// "some avg10=0.00 avg60=0.00 avg300=0.00 total=123"
void ReadPressure(SystemUsage& usage) {
  constexpr std::string_view kTotal = "total=";
  std::ifstream file("/proc/pressure/cpu");
  for (std::string word; file >> word;) {
    if (word.starts_with(kTotal)) {
      usage.psi_cpu_some_us = std::stoll(word.substr(kTotal.size()));
      return;
    }
  }
}

// "throttled_time" in ns in version 1, "throttled_usec" in cgroup2; empty when
// the group has no quota.
std::optional<std::int64_t> ThrottledNs(const std::filesystem::path& group) {
  std::ifstream file(group / "cpu.stat");
  std::string key;
  for (std::int64_t value = 0; file >> key >> value;) {
    if (key == "throttled_time") return value;
    if (key == "throttled_usec") return value * 1000;
  }
  return std::nullopt;
}

// Adds up this process's group and all around it.
void ReadThrottling(const std::optional<OwnCgroup>& own, SystemUsage& usage) {
  if (!own) return;
  std::filesystem::path group = own->directory;
  for (;;) {
    if (const auto throttled = ThrottledNs(group)) {
      usage.throttled_ns = usage.throttled_ns.value_or(0) + *throttled;
    }
    if (group == own->mount_point || !group.has_relative_path()) return;
    group = group.parent_path();
  }
}

}  // namespace

SystemUsage operator-(const SystemUsage& later, const SystemUsage& earlier) {
  return {later.busy_ns - earlier.busy_ns, later.begun - earlier.begun,
          Difference(later.steal_ns, earlier.steal_ns),
          Difference(later.psi_cpu_some_us, earlier.psi_cpu_some_us),
          Difference(later.throttled_ns, earlier.throttled_ns)};
}

SystemUsage ReadSystemUsage() {
  SystemUsage usage;
  ReadStat(usage);
  ReadPressure(usage);
  ReadThrottling(FindOwnCgroup(), usage);
  ReadThrottling(FindOwnCgroup("cpu"), usage);
  return usage;
}

}  // namespace polymux::bench
