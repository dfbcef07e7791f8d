#ifndef POLYMUX_BENCH_LOAD_PROC_READING_H_
#define POLYMUX_BENCH_LOAD_PROC_READING_H_

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <map>
#include <span>

namespace polymux::bench {

// What /proc tells of live processes and their threads at one instant.
struct ProcReading {
  struct Process {
    clockid_t clock{};        // its CPU clock
    std::int64_t cpu_ns = 0;  // what that showed, all threads
    // The kernel's sampled split, in ticks of 10 ms.
    std::int64_t user_ns = 0;
    std::int64_t system_ns = 0;
    // Page faults of children that have ended and were waited for: no process
    // lives without any.
    std::int64_t faults_of_children = 0;
    // Whether nobody waits for its children, so that they end without a trace.
    bool ignores_children = false;
    std::int64_t rss_bytes = 0;
    std::int64_t rss_anon_bytes = 0;
  };
  struct Switches {
    std::int64_t voluntary = 0;
    std::int64_t involuntary = 0;
  };
  std::map<pid_t, Process> processes;
  std::map<pid_t, Switches> threads;
};

// Some 0.1 ms for each process, and more for each of its threads.  What has
// ended, zombies too, is left out.
ProcReading ReadProc(std::span<const pid_t> pids);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_PROC_READING_H_
