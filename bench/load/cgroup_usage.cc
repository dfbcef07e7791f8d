#include "bench/load/cgroup_usage.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <fstream>
#include <string>
#include <system_error>

namespace polymux::bench {
namespace {

constexpr const char* kUsageOfCgroup2 = "cpu.stat";
constexpr const char* kUsageOfCgroup1 = "cpuacct.usage";

UniqueFd Open(const std::filesystem::path& path) {
  return UniqueFd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

// The number that follows `key` in `text`; 0 when there is none.
std::int64_t NumberAfter(std::string_view text, std::string_view key) {
  const std::size_t at = text.find(key);
  if (at == std::string_view::npos) return 0;
  std::int64_t number = 0;
  std::from_chars(text.data() + at + key.size(), text.data() + text.size(),
                  number);
  return number;
}

std::string Contents(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

std::vector<pid_t> CgroupMembers(const std::filesystem::path& directory) {
  std::vector<pid_t> pids;
  std::ifstream file(directory / "cgroup.procs");
  for (pid_t pid = 0; file >> pid;) pids.push_back(pid);
  return pids;
}

CgroupUsage::CgroupUsage(const std::filesystem::path& directory)
    : directory_(directory), fd_(Open(directory / kUsageOfCgroup1)) {
  is_cgroup2_ = !fd_;
  if (is_cgroup2_) fd_ = Open(directory / kUsageOfCgroup2);
  if (!fd_) {
    throw std::system_error(
        errno, std::system_category(),
        "cannot read the control group " + directory.string());
  }
}

std::int64_t CgroupUsage::CpuNs() const {
  std::array<char, 1024> buffer;
  const ssize_t count = pread(fd_.get(), buffer.data(), buffer.size(), 0);
  if (count <= 0) return 0;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(count));
  return is_cgroup2_ ? NumberAfter(text, "usage_usec ") * 1000
                     : NumberAfter(text, "");
}

CgroupUsage::Split CgroupUsage::ReadSplit() const {
  if (is_cgroup2_) {
    const std::string text = Contents(directory_ / kUsageOfCgroup2);
    return {NumberAfter(text, "user_usec ") * 1000,
            NumberAfter(text, "system_usec ") * 1000};
  }
  const std::int64_t tick_ns = 1'000'000'000 / sysconf(_SC_CLK_TCK);
  const std::string text = Contents(directory_ / "cpuacct.stat");
  return {NumberAfter(text, "user ") * tick_ns,
          NumberAfter(text, "system ") * tick_ns};
}

}  // namespace polymux::bench
