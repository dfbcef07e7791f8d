#include "bench/lab/provenance.h"

#include <fmt/format.h>
#include <gnu/libc-version.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "apps/printable_text.h"
#include "bench/lab/build_flags.h"
#include "bench/lab/build_stamp.h"
#include "bench/lab/kernel_config.h"
#include "bench/load/own_cgroup.h"

namespace polymux::bench {
namespace {

constexpr std::size_t kMostBytes = 4096;

// The whole of a small file, on one line.
std::string Text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kMostBytes, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  while (text.ends_with('\n')) text.pop_back();
  std::ranges::replace(text, '\n', ' ');
  std::ranges::replace(text, '\t', ' ');
  return text;
}

// Adds "name value", or nothing without a value.
void Add(std::string_view name, const std::string& value, std::string& list) {
  if (value.empty()) return;
  if (!list.empty()) list += "; ";
  list += fmt::format("{} {}", name, value);
}

// The files in `directory`, sorted by name.
std::vector<std::filesystem::path> Files(const char* directory) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(directory, error), end;
       !error && entry != end; entry.increment(error)) {
    files.push_back(entry->path());
  }
  std::ranges::sort(files);
  return files;
}

std::string CommandLine() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (text.ends_with('\0')) text.pop_back();
  std::ranges::replace(text, '\0', ' ');
  return text;
}

std::string Commit() { return BuildCommit(); }

std::string CommitState() { return BuildCommitState(); }

std::string CompileFlags() { return kCompileFlags; }

std::string LinkFlags() { return kLinkFlags; }

std::string Libc() { return fmt::format("glibc {}", gnu_get_libc_version()); }

std::string Liburing() { return kLiburingVersion; }

// Family, model, stepping and microcode of the first CPU.
std::string CpuIdentity() {
  std::ifstream file("/proc/cpuinfo");
  std::string identity;
  for (std::string line; std::getline(file, line) && !line.empty();) {
    const std::size_t colon = line.find(": ");
    if (colon == std::string::npos) continue;
    const std::string key = line.substr(0, line.find_first_of("\t:"));
    for (const char* wanted :
         {"vendor_id", "cpu family", "model", "stepping", "microcode"}) {
      if (key == wanted) Add(wanted, line.substr(colon + 2), identity);
    }
  }
  return identity;
}

// "cpu0 package 0 core 0 threads 0-1": CPUs with the same core are threads of
// it.
std::string Topology() {
  std::string topology;
  const long cpus = sysconf(_SC_NPROCESSORS_CONF);
  for (long cpu = 0; cpu < cpus && topology.size() < kMostBytes; ++cpu) {
    const std::filesystem::path directory =
        fmt::format("/sys/devices/system/cpu/cpu{}/topology", cpu);
    const std::string threads = Text(directory / "thread_siblings_list");
    if (threads.empty()) continue;
    Add(fmt::format("cpu{}", cpu),
        fmt::format("package {} core {} threads {}",
                    Text(directory / "physical_package_id"),
                    Text(directory / "core_id"), threads),
        topology);
  }
  return topology;
}

std::string KernelOptions() {
  static constexpr std::array kOptions = {
      "CONFIG_HZ",
      "CONFIG_NO_HZ_IDLE",
      "CONFIG_NO_HZ_FULL",
      "CONFIG_PREEMPT_NONE",
      "CONFIG_PREEMPT_VOLUNTARY",
      "CONFIG_PREEMPT",
      "CONFIG_PREEMPT_LAZY",
      "CONFIG_PREEMPT_RT",
      "CONFIG_PREEMPT_DYNAMIC",
      "CONFIG_IRQ_TIME_ACCOUNTING",
      "CONFIG_VIRT_CPU_ACCOUNTING_GEN",
      "CONFIG_PARAVIRT_TIME_ACCOUNTING",
      "CONFIG_SCHED_AUTOGROUP",
      "CONFIG_MITIGATION_PAGE_TABLE_ISOLATION",
      "CONFIG_MITIGATION_RETPOLINE",
  };
  return KernelConfig(kOptions);
}

std::string KernelVersion() { return Text("/proc/version"); }

std::string KernelCommandLine() { return Text("/proc/cmdline"); }

std::string Mitigations() {
  std::string mitigations;
  for (const auto& file : Files("/sys/devices/system/cpu/vulnerabilities")) {
    Add(file.filename().string(), Text(file), mitigations);
  }
  return mitigations;
}

std::string HugePages() {
  return Text("/sys/kernel/mm/transparent_hugepage/enabled");
}

std::string RandomAddresses() {
  return Text("/proc/sys/kernel/randomize_va_space");
}

std::string Smt() { return Text("/sys/devices/system/cpu/smt/active"); }

std::string Network() {
  constexpr std::array kNames = {"core/busy_poll",
                                 "core/busy_read",
                                 "core/default_qdisc",
                                 "core/netdev_budget",
                                 "core/rmem_max",
                                 "core/wmem_max",
                                 "ipv4/tcp_autocorking",
                                 "ipv4/tcp_congestion_control",
                                 "ipv4/tcp_fastopen",
                                 "ipv4/tcp_max_syn_backlog",
                                 "ipv4/tcp_mem",
                                 "ipv4/tcp_moderate_rcvbuf",
                                 "ipv4/tcp_notsent_lowat",
                                 "ipv4/tcp_rmem",
                                 "ipv4/tcp_sack",
                                 "ipv4/tcp_slow_start_after_idle",
                                 "ipv4/tcp_syncookies",
                                 "ipv4/tcp_timestamps",
                                 "ipv4/tcp_tw_reuse",
                                 "ipv4/tcp_wmem",
                                 "ipv4/ip_local_port_range"};
  std::string network;
  for (const std::string name : kNames) {
    Add(name, Text("/proc/sys/net/" + name), network);
  }
  return network;
}

// Interrupts may be many; those with the same CPUs are given together.
std::string IrqAffinity() {
  std::map<std::string, std::string> irqs_by_cpus;
  for (const auto& directory : Files("/proc/irq")) {
    const std::string cpus = Text(directory / "effective_affinity_list");
    if (cpus.empty()) continue;
    std::string& irqs = irqs_by_cpus[cpus];
    irqs += (irqs.empty() ? "" : ",") + directory.filename().string();
  }
  std::string affinity;
  Add("default", Text("/proc/irq/default_smp_affinity"), affinity);
  for (const auto& [cpus, irqs] : irqs_by_cpus) {
    Add("irq " + irqs, "on cpu " + cpus, affinity);
  }
  return affinity;
}

// Of the control group that this process is in, and those around it.
void AddLimits(std::string_view controller, std::span<const char* const> files,
               std::string& limits) {
  const std::optional<OwnCgroup> own = FindOwnCgroup(controller);
  if (!own) return;
  for (std::filesystem::path group = own->directory;;
       group = group.parent_path()) {
    const std::string name =
        "/" + group.lexically_relative(own->mount_point).string();
    for (const char* file : files) {
      Add(fmt::format("{} {}", name == "/." ? "/" : name, file),
          Text(group / file), limits);
    }
    if (group == own->mount_point || !group.has_relative_path()) return;
  }
}

std::string CgroupLimits() {
  constexpr std::array kOfCgroup2 = {"cpu.max", "cpu.weight",
                                     "cpuset.cpus.effective", "memory.max",
                                     "memory.high"};
  constexpr std::array kCpu = {"cpu.cfs_quota_us", "cpu.cfs_period_us",
                               "cpu.shares"};
  constexpr std::array kCpuset = {"cpuset.effective_cpus"};
  constexpr std::array kMemory = {"memory.limit_in_bytes"};
  std::string limits;
  AddLimits({}, kOfCgroup2, limits);
  AddLimits("cpu", kCpu, limits);
  AddLimits("cpuset", kCpuset, limits);
  AddLimits("memory", kMemory, limits);
  return limits;
}

std::string LoadAverage() { return Text("/proc/loadavg"); }

constexpr std::array kFacts = {
    Fact{"command_line", "command line", CommandLine},
    Fact{"commit", "commit", Commit},
    Fact{"commit_state", "source tree when built", CommitState},
    Fact{"compile_flags", "compiled with", CompileFlags},
    Fact{"link_flags", "linked with", LinkFlags},
    Fact{"libc", "C library", Libc},
    Fact{"liburing", "liburing", Liburing},
    Fact{"cpu_identity", "CPU identity", CpuIdentity},
    Fact{"cpu_topology", "CPU topology", Topology},
    Fact{"smt", "simultaneous multithreading", Smt},
    Fact{"kernel_version", "kernel build", KernelVersion},
    Fact{"kernel_config", "kernel configuration", KernelOptions},
    Fact{"kernel_command_line", "kernel command line", KernelCommandLine},
    Fact{"mitigations", "mitigations", Mitigations},
    Fact{"transparent_hugepages", "transparent huge pages", HugePages},
    Fact{"randomize_va_space", "random addresses", RandomAddresses},
    Fact{"network", "network settings", Network},
    Fact{"irq_affinity", "interrupts", IrqAffinity},
    Fact{"cgroup_limits", "control group", CgroupLimits},
    Fact{"load_average", "load average at the start", LoadAverage},
};

}  // namespace

std::span<const Fact> Facts() { return kFacts; }

Provenance ObserveProvenance() {
  Provenance provenance;
  for (const Fact& fact : kFacts) {
    std::string value = PrintableLine(fact.observe());
    if (value.size() > kMostBytes) value = value.substr(0, kMostBytes);
    if (!value.empty()) provenance[fact.key] = std::move(value);
  }
  return provenance;
}

}  // namespace polymux::bench
