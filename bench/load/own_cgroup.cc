#include "bench/load/own_cgroup.h"

#include <cstddef>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

namespace polymux::bench {
namespace {

// Whether `word` is one of those in `list`, which commas separate.
bool Lists(const std::string& list, std::string_view word) {
  std::istringstream words(list);
  for (std::string each; std::getline(words, each, ',');) {
    if (each == word) return true;
  }
  return false;
}

// The path in its hierarchy, from lines "4:cpu,cpuacct:/path"; "0::/path" is
// cgroup2's.
std::optional<std::string> OwnPath(std::string_view controller) {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string list = line.substr(first + 1, second - first - 1);
    if (controller.empty() ? list.empty() : Lists(list, controller)) {
      return line.substr(second + 1);
    }
  }
  return std::nullopt;
}

// A path of /proc/self/mountinfo, where \040 is a space.
std::string Unescaped(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      result += static_cast<char>(std::stoi(text.substr(i + 1, 3), nullptr, 8));
      i += 3;
    } else {
      result += text[i];
    }
  }
  return result;
}

struct Mount {
  std::string root;  // what of the hierarchy it shows
  std::string point;
};

// "41 31 0:38 /root /mount/point rw - cgroup2 none rw,memory_recursiveprot"
std::vector<Mount> Mounts(std::string_view controller) {
  std::vector<Mount> mounts;
  std::ifstream file("/proc/self/mountinfo");
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string word;
    Mount mount;
    words >> word >> word >> word >> mount.root >> mount.point;
    while (words >> word && word != "-") {
    }
    std::string type;
    std::string options;
    words >> type >> word >> options;
    if (controller.empty() ? type == "cgroup2"
                           : type == "cgroup" && Lists(options, controller)) {
      mounts.push_back({Unescaped(mount.root), Unescaped(mount.point)});
    }
  }
  return mounts;
}

// `path` as seen from `root`; empty optional when it lies outside.
std::optional<std::string> Below(const std::string& root,
                                 const std::string& path) {
  if (root == "/") return path;
  if (!path.starts_with(root)) return std::nullopt;
  const std::string rest = path.substr(root.size());
  if (!rest.empty() && rest.front() != '/') return std::nullopt;
  return rest;
}

}  // namespace

std::optional<OwnCgroup> FindOwnCgroup(std::string_view controller) {
  const std::optional<std::string> path = OwnPath(controller);
  if (!path) return std::nullopt;
  for (const Mount& mount : Mounts(controller)) {
    const std::optional<std::string> below = Below(mount.root, *path);
    if (!below) continue;
    // Without a slash at the end: it is compared with the mount point.
    const std::filesystem::path directory =
        *below == "/" || below->empty() ? mount.point : mount.point + *below;
    std::error_code error;
    // Another mount may hide this one.
    if (std::filesystem::exists(directory / "cgroup.procs", error)) {
      return OwnCgroup{directory, mount.point};
    }
  }
  return std::nullopt;
}

}  // namespace polymux::bench
