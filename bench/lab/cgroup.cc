#include "bench/lab/cgroup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "bench/load/cgroup_usage.h"
#include "bench/load/own_cgroup.h"

namespace polymux::bench {
namespace {

using std::chrono::steady_clock;

constexpr std::string_view kPrefix = "polymux-";
// For the kernel to let go of what was killed.
constexpr std::chrono::seconds kEndLimit{2};
constexpr std::chrono::milliseconds kPause{2};

// Groups of labs that were killed are empty and in nobody's way, but many.
void RemoveAbandoned(const std::filesystem::path& parent) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry(parent, error), end;
       !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename();
    if (!name.starts_with(kPrefix)) continue;
    pid_t maker = 0;
    std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(),
                    maker);
    if (maker > 0 && kill(maker, 0) != 0 && errno == ESRCH) {
      rmdir(entry->path().c_str());
    }
  }
}

}  // namespace

std::optional<Cgroup> Cgroup::Make() {
  static int number = 0;
  for (const std::string_view controller : {"", "cpuacct"}) {
    const auto own = FindOwnCgroup(controller);
    if (!own) continue;
    RemoveAbandoned(own->directory);
    const std::filesystem::path directory =
        own->directory / fmt::format("{}{}-{}", kPrefix, getpid(), ++number);
    if (mkdir(directory.c_str(), 0755) != 0) continue;
    UniqueFd members(
        open((directory / "cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
    if (members) return Cgroup(directory, std::move(members));
    rmdir(directory.c_str());
  }
  return std::nullopt;
}

Cgroup::Cgroup(std::filesystem::path directory, UniqueFd members)
    : directory_(std::move(directory)), members_(std::move(members)) {}

Cgroup::~Cgroup() {
  if (!members_) return;
  const auto deadline = steady_clock::now() + kEndLimit;
  while (rmdir(directory_.c_str()) != 0 && errno == EBUSY &&
         steady_clock::now() < deadline) {
    // Those that these fork before they die are the next ones.
    for (const pid_t pid : CgroupMembers(directory_)) kill(pid, SIGKILL);
    std::this_thread::sleep_for(kPause);
  }
}

bool Cgroup::HoldsAll(const std::vector<pid_t>& pids) const {
  const std::vector<pid_t> members = CgroupMembers(directory_);
  return std::ranges::all_of(pids, [&](pid_t pid) {
    return std::ranges::find(members, pid) != members.end();
  });
}

}  // namespace polymux::bench
