#ifndef POLYMUX_BENCH_LOAD_CGROUP_USAGE_H_
#define POLYMUX_BENCH_LOAD_CGROUP_USAGE_H_

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "reactor/unique_fd.h"

namespace polymux::bench {

// The processes in it now, zombies too; none when there is no such group.
std::vector<pid_t> CgroupMembers(const std::filesystem::path& directory);

// What a control group counts of all processes that are or were in it; those
// that have ended stay counted.
class CgroupUsage {
 public:
  // `directory` is the group's, of cgroup2 or of version 1 with cpuacct.
  // Throws std::system_error when it counts no CPU time.
  explicit CgroupUsage(const std::filesystem::path& directory);

  // "cgroup2" or "cgroup1".
  std::string_view name() const { return is_cgroup2_ ? "cgroup2" : "cgroup1"; }

  // CPU time in nanoseconds: the scheduler's, as exact as the processes' CPU
  // clocks (of cgroup2 in whole microseconds).  One system call.
  std::int64_t CpuNs() const;

  // The kernel's sampled split.
  struct Split {
    std::int64_t user_ns = 0;
    std::int64_t system_ns = 0;
  };
  Split ReadSplit() const;

  // CgroupMembers of it.
  std::vector<pid_t> Pids() const { return CgroupMembers(directory_); }

 private:
  const std::filesystem::path directory_;
  bool is_cgroup2_ = true;
  UniqueFd fd_;
};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_CGROUP_USAGE_H_
