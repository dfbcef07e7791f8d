#ifndef POLYMUX_BENCH_LOAD_OBSERVED_PROCESSES_H_
#define POLYMUX_BENCH_LOAD_OBSERVED_PROCESSES_H_

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bench/load/cgroup_usage.h"
#include "bench/load/proc_reading.h"

namespace polymux::bench {

// What processes used between two instants, and their memory at the second one.
// Empty: it cannot be known, for the reason that `unknown` has.
struct ObservedUsage {
  // Where the CPU time is from: "cgroup2", "cgroup1" (the control group's, all
  // processes whenever born or ended) or "clocks" (the CPU clocks of those that
  // lived to the end).
  std::string cpu_source = {};
  std::optional<std::int64_t> cpu_ns = {};   // all threads
  std::optional<std::int64_t> user_ns = {};  // the kernel's sampled split
  std::optional<std::int64_t> system_ns = {};
  std::optional<std::int64_t> rss_bytes = {};
  std::optional<std::int64_t> rss_anon_bytes = {};
  std::optional<std::int64_t> voluntary_switches = {};  // of all threads
  std::optional<std::int64_t> involuntary_switches = {};
  // Processes and threads that were seen to begin.
  std::int64_t begun = 0;
  // Whether others may have begun and ended without a trace: a process ignores
  // SIGCHLD, and no control group counts.
  bool may_miss_children = false;
  // "cpu", "memory", "context_switches": why.
  std::map<std::string, std::string> unknown = {};
};

// Other processes, whose resource usage is read at the edges of a window: a few
// with all of their descendants or, as long as it lives, a control group with
// what it has.
class ObservedProcesses {
 public:
  // `cgroup`: the directory of the group that they are in; empty: none, and
  // what begins and ends unseen is not known.  Throws std::system_error when a
  // process does not exist or the group does not count CPU time.
  explicit ObservedProcesses(const std::vector<pid_t>& pids,
                             const std::filesystem::path& cgroup = {});

  // The slow readings, of all that there are now.
  struct Reading {
    ProcReading proc;
    std::optional<CgroupUsage::Split> split;  // of a control group
  };
  Reading Read() const;

  // The CPU time used so far by the control group or else by those of `known`:
  // the precise reading, cheap enough to be taken at the very edge.  Empty when
  // one of them has ended.
  std::optional<std::int64_t> CpuNs(const Reading& known) const;

  // What they used from `begin` to `end`.  The CPU times are CpuNs(begin) at
  // the two edges.
  ObservedUsage Usage(const Reading& begin,
                      std::optional<std::int64_t> begin_cpu_ns,
                      const Reading& end,
                      std::optional<std::int64_t> end_cpu_ns) const;

  // Sends `signal` to the first process.
  void SignalFirst(int signal) const;

 private:
  std::vector<pid_t> Pids() const;

  const std::vector<pid_t> pids_;
  std::optional<CgroupUsage> cgroup_;
};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_OBSERVED_PROCESSES_H_
