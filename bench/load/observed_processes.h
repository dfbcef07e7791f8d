#ifndef POLYMUX_BENCH_LOAD_OBSERVED_PROCESSES_H_
#define POLYMUX_BENCH_LOAD_OBSERVED_PROCESSES_H_

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <optional>
#include <vector>

namespace polymux::bench {

// What a set of processes used between two instants, and their memory at the
// second one.
struct ObservedUsage {
  std::int64_t cpu_ns = 0;   // all threads, from the processes' CPU clocks
  std::int64_t user_ns = 0;  // the kernel's sampled split, in ticks of 10 ms
  std::int64_t system_ns = 0;
  std::int64_t rss_bytes = 0;
  std::int64_t rss_anon_bytes = 0;
  std::int64_t voluntary_switches = 0;  // of all threads
  std::int64_t involuntary_switches = 0;
};

// Other processes whose resource usage is read at the edges of a window.
class ObservedProcesses {
 public:
  // Throws std::system_error when a process does not exist.
  explicit ObservedProcesses(const std::vector<pid_t>& pids);

  // The CPU time that all of them have used so far: the precise reading, cheap
  // enough to be taken at the very edge.
  std::int64_t CpuNs() const;

  // The slower readings, all processes added up; cpu_ns is left zero. Empty
  // when one has ended.
  std::optional<ObservedUsage> ReadProc() const;

  // Sends `signal` to the first process.
  void SignalFirst(int signal) const;

 private:
  struct Process {
    pid_t pid;
    clockid_t clock;
  };
  std::vector<Process> processes_;
};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_OBSERVED_PROCESSES_H_
