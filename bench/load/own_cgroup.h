#ifndef POLYMUX_BENCH_LOAD_OWN_CGROUP_H_
#define POLYMUX_BENCH_LOAD_OWN_CGROUP_H_

#include <filesystem>
#include <optional>
#include <string_view>

namespace polymux::bench {

// Where the control group that this process is in can be seen.
struct OwnCgroup {
  std::filesystem::path directory;
  std::filesystem::path mount_point;  // of the hierarchy; it holds the other
};

// That of cgroup2 or, with a controller such as "cpuacct", that of the
// hierarchy of version 1 which has it.  Empty when there is no such hierarchy
// or the group lies outside of what is mounted.
std::optional<OwnCgroup> FindOwnCgroup(std::string_view controller = {});

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_OWN_CGROUP_H_
