#include "bench/load/system_usage.h"

#include <unistd.h>

#include <fstream>
#include <string>

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

}  // namespace

SystemUsage operator-(const SystemUsage& later, const SystemUsage& earlier) {
  return {later.busy_ns - earlier.busy_ns,
          Difference(later.steal_ns, earlier.steal_ns),
          Difference(later.psi_cpu_some_us, earlier.psi_cpu_some_us)};
}

SystemUsage ReadSystemUsage() {
  SystemUsage usage;
  ReadStat(usage);
  ReadPressure(usage);
  return usage;
}

}  // namespace polymux::bench
