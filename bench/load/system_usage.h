#ifndef POLYMUX_BENCH_LOAD_SYSTEM_USAGE_H_
#define POLYMUX_BENCH_LOAD_SYSTEM_USAGE_H_

#include <cstdint>
#include <optional>

namespace polymux::bench {

// What all CPUs did together, since the machine started or between two
// readings.
struct SystemUsage {
  std::int64_t busy_ns = 0;  // all but idle, waiting for disks, and stolen
  std::int64_t begun = 0;    // processes and threads
  // CPU time that a hypervisor gave to others; empty where the kernel does not
  // tell.
  std::optional<std::int64_t> steal_ns = {};
  // The time in which at least one runnable task had no CPU (PSI, "some");
  // empty where the kernel does not tell.
  std::optional<std::int64_t> psi_cpu_some_us = {};
  // How long a CPU quota stopped the control group of this process, or one that
  // it is in, added up over CPUs; empty where there is none that can be read.
  std::optional<std::int64_t> throttled_ns = {};
};

SystemUsage operator-(const SystemUsage& later, const SystemUsage& earlier);

// Reads /proc/stat, in ticks of 10 ms for each CPU, /proc/pressure/cpu, and the
// cpu.stat of control groups.
// What cannot be read is zero or empty.
SystemUsage ReadSystemUsage();

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_SYSTEM_USAGE_H_
