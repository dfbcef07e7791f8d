#ifndef POLYMUX_BENCH_LAB_CGROUP_H_
#define POLYMUX_BENCH_LAB_CGROUP_H_

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <vector>

#include "reactor/unique_fd.h"

namespace polymux::bench {

// A control group that counts the CPU time of a server: of all of its
// processes, whenever they begin or end.  It is below the group of this process
// and limits nothing.
class Cgroup {
 public:
  // One of cgroup2, else of version 1's cpuacct; empty where the user may make
  // none.
  static std::optional<Cgroup> Make();

  Cgroup(Cgroup&&) = default;
  Cgroup& operator=(Cgroup&&) = delete;
  // Kills what is in it, and removes it.
  ~Cgroup();

  const std::filesystem::path& directory() const { return directory_; }

  // A process that writes "0" to it is in the group from then on, and so are
  // its later children.
  int members_fd() const { return members_.get(); }

  // Whether all of `pids` are in it.
  bool HoldsAll(const std::vector<pid_t>& pids) const;

 private:
  Cgroup(std::filesystem::path directory, UniqueFd members);

  std::filesystem::path directory_;
  UniqueFd members_;  // none: moved from
};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_CGROUP_H_
