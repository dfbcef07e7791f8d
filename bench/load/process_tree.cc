#include "bench/load/process_tree.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>

namespace polymux::bench {
namespace {

struct Stat {
  pid_t parent = 0;
  pid_t group = 0;
};

// Empty when the process is gone or a zombie.
std::optional<Stat> ReadStat(const std::filesystem::path& proc_directory) {
  std::ifstream file(proc_directory / "stat");
  std::string text;
  if (!std::getline(file, text)) return std::nullopt;
  // The command may hold anything; what follows it is "STATE PPID PGRP ...".
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  char state = 0;
  Stat stat;
  fields >> state >> stat.parent >> stat.group;
  if (!fields || state == 'Z') return std::nullopt;
  return stat;
}

using ProcessesByParent = std::multimap<pid_t, TreeProcess>;

ProcessesByParent AllProcesses() {
  ProcessesByParent processes;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::optional<Stat> stat = ReadStat(entry.path());
    if (!stat) continue;
    processes.insert({stat->parent, {std::stoi(name), stat->group}});
  }
  return processes;
}

}  // namespace

std::vector<TreeProcess> ProcessTree(pid_t root) {
  std::vector<TreeProcess> tree;
  const ProcessesByParent processes = AllProcesses();
  for (const auto& [parent, process] : processes) {
    if (process.pid == root) tree.push_back(process);
  }
  for (std::size_t i = 0; i < tree.size(); ++i) {
    const auto [begin, end] = processes.equal_range(tree[i].pid);
    for (auto child = begin; child != end; ++child) {
      tree.push_back(child->second);
    }
  }
  return tree;
}

}  // namespace polymux::bench
