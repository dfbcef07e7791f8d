#include "bench/load/observed_processes.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <ctime>
#include <set>
#include <system_error>

#include "bench/load/process_tree.h"

namespace polymux::bench {
namespace {

// In a line of 80 columns of `polymux load`.
constexpr const char* kAProcessEnded =
    "a process ended and no control group counted it";
constexpr const char* kAChildEnded =
    "a child process ended and no control group counted it";

// How many elements of `one` the `other` does not have.
template <typename Map>
std::int64_t CountMissing(const Map& one, const Map& other) {
  std::int64_t missing = 0;
  for (const auto& [key, value] : one) missing += other.contains(key) ? 0 : 1;
  return missing;
}

std::int64_t FaultsOfChildren(const ProcReading& reading) {
  std::int64_t sum = 0;
  for (const auto& [pid, process] : reading.processes) {
    sum += process.faults_of_children;
  }
  return sum;
}

bool IgnoreChildren(const ProcReading& reading) {
  return std::ranges::any_of(reading.processes, [](const auto& entry) {
    return entry.second.ignores_children;
  });
}

// What those used that began after `begin`: all that their clocks show.
std::int64_t CpuOfNewcomers(const ProcReading& begin, const ProcReading& end) {
  std::int64_t sum = 0;
  for (const auto& [pid, process] : end.processes) {
    if (!begin.processes.contains(pid)) sum += process.cpu_ns;
  }
  return sum;
}

// Takes the CPU clocks' difference, unless something is not in it.
void TakeClocks(const ProcReading& begin,
                std::optional<std::int64_t> begin_cpu_ns,
                const ProcReading& end, std::optional<std::int64_t> end_cpu_ns,
                ObservedUsage& usage) {
  if (!begin_cpu_ns || !end_cpu_ns ||
      CountMissing(begin.processes, end.processes) != 0) {
    usage.unknown["cpu"] = kAProcessEnded;
  } else if (FaultsOfChildren(end) > FaultsOfChildren(begin)) {
    usage.unknown["cpu"] = kAChildEnded;
  } else {
    usage.cpu_ns = *end_cpu_ns - *begin_cpu_ns + CpuOfNewcomers(begin, end);
  }
}

// The split of the same processes.
void TakeSplit(const ProcReading& begin, const ProcReading& end,
               ObservedUsage& usage) {
  if (!usage.cpu_ns) return;
  std::int64_t user_ns = 0;
  std::int64_t system_ns = 0;
  for (const auto& [pid, process] : end.processes) {
    const auto before = begin.processes.find(pid);
    const bool is_new = before == begin.processes.end();
    user_ns += process.user_ns - (is_new ? 0 : before->second.user_ns);
    system_ns += process.system_ns - (is_new ? 0 : before->second.system_ns);
  }
  usage.user_ns = user_ns;
  usage.system_ns = system_ns;
}

void TakeMemory(const ProcReading& end, ObservedUsage& usage) {
  if (end.processes.empty()) {
    usage.unknown["memory"] = "no process was left at the end of the window";
    return;
  }
  usage.rss_bytes = 0;
  usage.rss_anon_bytes = 0;
  for (const auto& [pid, process] : end.processes) {
    *usage.rss_bytes += process.rss_bytes;
    *usage.rss_anon_bytes += process.rss_anon_bytes;
  }
}

// A thread takes its counts with it when it ends.
void TakeSwitches(const ProcReading& begin, const ProcReading& end,
                  ObservedUsage& usage) {
  const std::int64_t ended = CountMissing(begin.threads, end.threads);
  if (ended != 0) {
    usage.unknown["context_switches"] =
        fmt::format("{} ended within the window",
                    ended == 1 ? "a thread" : fmt::format("{} threads", ended));
    return;
  }
  std::int64_t voluntary = 0;
  std::int64_t involuntary = 0;
  for (const auto& [thread, switches] : end.threads) {
    const auto before = begin.threads.find(thread);
    const bool is_new = before == begin.threads.end();
    voluntary += switches.voluntary - (is_new ? 0 : before->second.voluntary);
    involuntary +=
        switches.involuntary - (is_new ? 0 : before->second.involuntary);
  }
  usage.voluntary_switches = voluntary;
  usage.involuntary_switches = involuntary;
}

// The clock of a process that has ended cannot be read.
std::optional<std::int64_t> ReadNs(clockid_t clock) {
  timespec time{};
  if (clock_gettime(clock, &time) != 0) return std::nullopt;
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

ObservedProcesses::ObservedProcesses(const std::vector<pid_t>& pids,
                                     const std::filesystem::path& cgroup)
    : pids_(pids) {
  for (const pid_t pid : pids) {
    clockid_t clock{};
    const int error = clock_getcpuclockid(pid, &clock);
    if (error != 0) {
      throw std::system_error(error, std::system_category(),
                              fmt::format("--observe {}", pid));
    }
  }
  if (!cgroup.empty()) cgroup_.emplace(cgroup);
}

std::vector<pid_t> ObservedProcesses::Pids() const {
  if (cgroup_) return cgroup_->Pids();
  std::set<pid_t> pids;
  for (const pid_t root : pids_) {
    for (const TreeProcess& process : ProcessTree(root)) {
      pids.insert(process.pid);
    }
  }
  return {pids.begin(), pids.end()};
}

ObservedProcesses::Reading ObservedProcesses::Read() const {
  Reading reading{ReadProc(Pids()), std::nullopt};
  if (cgroup_) reading.split = cgroup_->ReadSplit();
  return reading;
}

std::optional<std::int64_t> ObservedProcesses::CpuNs(
    const Reading& known) const {
  if (cgroup_) return cgroup_->CpuNs();
  std::int64_t sum = 0;
  for (const auto& [pid, process] : known.proc.processes) {
    const std::optional<std::int64_t> used = ReadNs(process.clock);
    if (!used) return std::nullopt;
    sum += *used;
  }
  return sum;
}

ObservedUsage ObservedProcesses::Usage(
    const Reading& begin, std::optional<std::int64_t> begin_cpu_ns,
    const Reading& end, std::optional<std::int64_t> end_cpu_ns) const {
  ObservedUsage usage;
  if (cgroup_) {
    usage.cpu_source = cgroup_->name();
    usage.cpu_ns = end_cpu_ns.value_or(0) - begin_cpu_ns.value_or(0);
    usage.user_ns = end.split->user_ns - begin.split->user_ns;
    usage.system_ns = end.split->system_ns - begin.split->system_ns;
  } else {
    usage.cpu_source = "clocks";
    TakeClocks(begin.proc, begin_cpu_ns, end.proc, end_cpu_ns, usage);
    TakeSplit(begin.proc, end.proc, usage);
    usage.may_miss_children = IgnoreChildren(end.proc);
  }
  TakeMemory(end.proc, usage);
  TakeSwitches(begin.proc, end.proc, usage);
  usage.begun = CountMissing(end.proc.threads, begin.proc.threads);
  return usage;
}

void ObservedProcesses::SignalFirst(int signal) const {
  if (!pids_.empty()) kill(pids_.front(), signal);
}

}  // namespace polymux::bench
