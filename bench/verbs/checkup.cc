#include "bench/verbs/checkup.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <sstream>

#include "apps/printable_text.h"
#include "bench/lab/snapshots.h"

namespace polymux::bench {
namespace {

namespace fs = std::filesystem;

// Shares of all CPU time, in percent.
constexpr double kStealWarning = 0.5;
constexpr double kStealProblem = 5;
constexpr double kLoadWarning = 5;
constexpr double kLoadProblem = 25;
constexpr double kPressureWarning = 5;
constexpr double kPressureProblem = 25;
constexpr int kBacklog = 4096;  // what our listeners ask for
constexpr int kPorts = 20'000;
constexpr std::uint64_t kMebibyte = 1 << 20;
constexpr std::uint64_t kMemoryWarning = 1024 * kMebibyte;
constexpr std::uint64_t kMemoryProblem = 256 * kMebibyte;

// Those whose reading needs no system call.
constexpr std::array<std::string_view, 6> kGoodClocks{
    "tsc",
    "kvm-clock",
    "hyperv_clocksource_tsc_page",
    "arch_sys_counter",
    "xen",
    "riscv_clocksource"};

constexpr std::string_view kCpus = "sys/devices/system/cpu";

Severity Grade(double value, double warning, double problem) {
  if (value >= problem) return Severity::kProblem;
  return value >= warning ? Severity::kWarning : Severity::kOk;
}

class Examination {
 public:
  explicit Examination(const Machine& machine) : machine_(machine) {}

  std::vector<Finding> Run() {
    Cores();
    SampleCpus();
    Pressure();
    Quota();
    Virtualisation();
    Governor();
    Turbo();
    Smt();
    ClockSource();
    Memory();
    HugePages();
    Descriptors();
    Backlog();
    Ports();
    TimeWait();
    IoUring();
    Backends();
    Build();
    Mitigations();
    return std::move(findings_);
  }

 private:
  void Add(std::string topic, Severity severity, std::string seen,
           std::string remedy = {}) {
    if (severity == Severity::kOk) remedy.clear();
    findings_.push_back(
        {std::move(topic), severity, std::move(seen), std::move(remedy)});
  }

  void AddUnknown(std::string topic) {
    Add(std::move(topic), Severity::kOk, "not visible here");
  }

  std::string Text(const fs::path& path) const {
    std::ifstream file(machine_.root / path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string Line(const fs::path& path) const {
    std::istringstream text(Text(path));
    std::string line;
    std::getline(text, line);
    return PrintableLine(line);
  }

  std::optional<long long> Number(const fs::path& path) const {
    std::istringstream text(Text(path));
    long long number = 0;
    if (!(text >> number)) return std::nullopt;
    return number;
  }

  void Cores() {
    const int cpus = machine_.usable_cpus;
    Add("cores", cpus >= 2 ? Severity::kOk : Severity::kProblem,
        fmt::format("{} CPU{} for this process", cpus, cpus == 1 ? "" : "s"),
        "server and load generator would share one CPU: give the machine, or "
        "the container, at least 2");
  }

  // Ticks since the boot, by kind, in the order of /proc/stat.
  std::vector<double> Ticks() const {
    std::istringstream text(Text("proc/stat"));
    std::string cpu;
    text >> cpu;
    std::vector<double> ticks;
    for (double value = 0; ticks.size() < 8 && text >> value;) {
      ticks.push_back(value);
    }
    return ticks;
  }

  // Steal, and what other programs use: this one sleeps meanwhile.
  void SampleCpus() {
    enum { kIdle = 3, kIoWait = 4, kSteal = 7, kKinds = 8 };
    const std::vector<double> before = Ticks();
    machine_.wait();
    const std::vector<double> after = Ticks();
    double total = 0;
    if (before.size() == kKinds && after.size() == kKinds) {
      for (std::size_t i = 0; i < kKinds; ++i) total += after[i] - before[i];
    }
    if (total <= 0) {
      AddUnknown("steal");
      AddUnknown("load");
      return;
    }
    const auto share = [&](std::size_t kind) {
      return (after[kind] - before[kind]) / total * 100;
    };
    Add("steal", Grade(share(kSteal), kStealWarning, kStealProblem),
        fmt::format("{:.1f} % of the CPU time went to other virtual machines",
                    share(kSteal)),
        "measure at another time, or on a machine with CPUs of its own; "
        "compare marks the trials that were hit");
    const double busy = 100 - share(kIdle) - share(kIoWait) - share(kSteal);
    Add("load", Grade(busy, kLoadWarning, kLoadProblem),
        fmt::format("other programs use {:.1f} % of the CPUs", busy),
        "see which with: top -o %CPU; stop them while you measure");
  }

  void Pressure() {
    constexpr std::string_view kAverage = "avg10=";
    const std::string line = Line("proc/pressure/cpu");
    const std::size_t at = line.find(kAverage);
    if (at == std::string::npos) return AddUnknown("pressure");
    const double share =
        std::strtod(line.c_str() + at + kAverage.size(), nullptr);
    Add("pressure", Grade(share, kPressureWarning, kPressureProblem),
        fmt::format("for {:.1f} % of the last 10 s some task waited for a CPU",
                    share),
        "wait until the other work has ended: cat /proc/pressure/cpu");
  }

  // "0::/a/b" of a unified hierarchy; each level can limit.
  std::vector<fs::path> ControlGroups() const {
    constexpr std::string_view kUnified = "0::/";
    const fs::path base = "sys/fs/cgroup";
    std::vector<fs::path> groups{base};
    std::istringstream lines(Text("proc/self/cgroup"));
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with(kUnified)) continue;
      fs::path group = base;
      for (const fs::path& part : fs::path(line.substr(kUnified.size()))) {
        group /= part;
        groups.push_back(group);
      }
    }
    return groups;
  }

  // In CPUs.
  std::optional<double> SmallestQuota() const {
    std::optional<double> smallest;
    const auto take = [&](double quota, double period) {
      if (quota <= 0 || period <= 0) return;
      smallest = std::min(smallest.value_or(quota / period), quota / period);
    };
    for (const fs::path& group : ControlGroups()) {
      std::istringstream text(Text(group / "cpu.max"));
      double quota = 0;
      double period = 0;
      if (text >> quota >> period) take(quota, period);  // not "max"
    }
    const fs::path first_version = "sys/fs/cgroup/cpu";
    take(static_cast<double>(
             Number(first_version / "cpu.cfs_quota_us").value_or(0)),
         static_cast<double>(
             Number(first_version / "cpu.cfs_period_us").value_or(0)));
    return smallest;
  }

  void Quota() {
    const auto quota = SmallestQuota();
    if (!quota) return Add("quota", Severity::kOk, "no limit of CPU time");
    const bool enough = *quota >= machine_.usable_cpus;
    Add("quota", enough ? Severity::kOk : Severity::kProblem,
        fmt::format("the control group allows {:.2f} CPUs' time, of {} CPUs",
                    *quota, machine_.usable_cpus),
        "a server that has used its quota is stopped for milliseconds: start "
        "the container with --cpuset-cpus=0,1 in place of --cpus");
  }

  void Virtualisation() {
    const std::string cpu = Text("proc/cpuinfo");
    if (cpu.empty()) return AddUnknown("machine");
    if (cpu.find(" hypervisor") == std::string::npos) {
      return Add("machine", Severity::kOk, "no hypervisor");
    }
    const std::string product = Line("sys/class/dmi/id/product_name");
    Add("machine", Severity::kOk,
        fmt::format("a virtual machine{}: what its neighbours do shows as "
                    "steal, at best",
                    product.empty() ? "" : fmt::format(" ({})", product)));
  }

  void Governor() {
    const std::string governor =
        Line(fs::path(kCpus) / "cpu0/cpufreq/scaling_governor");
    if (governor.empty()) return AddUnknown("governor");
    Add("governor",
        governor == "performance" ? Severity::kOk : Severity::kWarning,
        fmt::format("CPU frequency follows \"{}\"", governor),
        "echo performance | sudo tee "
        "/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor");
  }

  void Turbo() {
    const auto no_turbo = Number(fs::path(kCpus) / "intel_pstate/no_turbo");
    const auto boost = Number(fs::path(kCpus) / "cpufreq/boost");
    if (!no_turbo && !boost) return AddUnknown("turbo");
    const bool on = no_turbo ? *no_turbo == 0 : *boost != 0;
    Add("turbo", on ? Severity::kWarning : Severity::kOk,
        on ? "on: the frequency depends on heat and on the other cores" : "off",
        no_turbo
            ? "echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo"
            : "echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost");
  }

  void Smt() {
    const auto active = Number(fs::path(kCpus) / "smt/active");
    if (!active) return AddUnknown("smt");
    Add("smt", *active == 0 ? Severity::kOk : Severity::kWarning,
        *active == 0
            ? "no two CPUs share a core"
            : "two CPUs can be one core: the load slows down the server",
        "echo off | sudo tee /sys/devices/system/cpu/smt/control");
  }

  void ClockSource() {
    const std::string clock =
        Line("sys/devices/system/clocksource/clocksource0/current_clocksource");
    if (clock.empty()) return AddUnknown("clock");
    const bool good =
        std::ranges::find(kGoodClocks, clock) != kGoodClocks.end();
    Add("clock", good ? Severity::kOk : Severity::kProblem,
        fmt::format("the kernel's clock is {}{}", clock,
                    good ? "" : ", which costs a system call to read"),
        "echo tsc | sudo tee /sys/devices/system/clocksource/clocksource0/"
        "current_clocksource");
  }

  void Memory() {
    constexpr std::string_view kKey = "MemAvailable:";
    const std::string text = Text("proc/meminfo");
    const std::size_t at = text.find(kKey);
    if (at == std::string::npos) return AddUnknown("memory");
    const std::uint64_t bytes =
        std::strtoull(text.c_str() + at + kKey.size(), nullptr, 10) * 1024;
    const Severity severity = bytes < kMemoryProblem   ? Severity::kProblem
                              : bytes < kMemoryWarning ? Severity::kWarning
                                                       : Severity::kOk;
    Add("memory", severity,
        fmt::format("{} MiB are available", bytes / kMebibyte),
        "end programs that hold memory: ps -eo rss,comm --sort=-rss | head");
  }

  void HugePages() {
    const std::string modes =
        Line("sys/kernel/mm/transparent_hugepage/enabled");
    if (modes.empty()) return AddUnknown("hugepages");
    const bool always = modes.find("[always]") != std::string::npos;
    Add("hugepages", always ? Severity::kWarning : Severity::kOk,
        fmt::format(
            "transparent huge pages: {}{}", modes,
            always ? "; memory per connection varies by 2 MiB steps" : ""),
        "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled");
  }

  void Descriptors() {
    const std::size_t limit = machine_.descriptors;
    const bool enough = limit >= machine_.descriptors_wanted;
    Add("descriptors", enough ? Severity::kOk : Severity::kWarning,
        fmt::format("{} per process{}", limit,
                    enough ? ""
                           : fmt::format("; the largest built-in scenario "
                                         "takes {}",
                                         machine_.descriptors_wanted)),
        fmt::format("as root, before polymux: ulimit -n {}",
                    machine_.descriptors_wanted));
  }

  void Backlog() {
    const auto limit = Number("proc/sys/net/core/somaxconn");
    if (!limit) return AddUnknown("backlog");
    Add("backlog", *limit >= kBacklog ? Severity::kOk : Severity::kWarning,
        fmt::format("{} connections may wait to be accepted", *limit),
        fmt::format("sudo sysctl net.core.somaxconn={}", kBacklog));
  }

  void Ports() {
    std::istringstream text(Text("proc/sys/net/ipv4/ip_local_port_range"));
    int first = 0;
    int last = 0;
    if (!(text >> first >> last)) return AddUnknown("ports");
    const int ports = last - first + 1;
    Add("ports", ports >= kPorts ? Severity::kOk : Severity::kWarning,
        fmt::format("{} for outgoing connections ({} to {})", ports, first,
                    last),
        "sudo sysctl net.ipv4.ip_local_port_range='32768 60999'");
  }

  void TimeWait() {
    const auto reuse = Number("proc/sys/net/ipv4/tcp_tw_reuse");
    if (!reuse) return AddUnknown("tw_reuse");
    Add("tw_reuse", *reuse != 0 ? Severity::kOk : Severity::kWarning,
        *reuse != 0 ? "ports of closed loopback connections can be used again"
                    : "a port stays in TIME_WAIT for a minute after each "
                      "connection",
        "sudo sysctl net.ipv4.tcp_tw_reuse=2");
  }

  void IoUring() {
    constexpr std::string_view kTopic = "io_uring";
    // Linux 6.6 brought the switch.
    const auto disabled = Number("proc/sys/kernel/io_uring_disabled");
    if (disabled && *disabled != 0) {
      return Add(std::string(kTopic), Severity::kWarning,
                 fmt::format("kernel.io_uring_disabled is {}", *disabled),
                 "sudo sysctl kernel.io_uring_disabled=0");
    }
    const auto refused =
        std::ranges::find_if(machine_.unavailable, [&](const auto& backend) {
          return backend.kernel_interface.starts_with(kTopic);
        });
    if (refused != machine_.unavailable.end()) {
      return Add(std::string(kTopic), Severity::kWarning, refused->reason,
                 "io_uring takes Linux 6.1 and, in a container, a seccomp "
                 "profile that allows the calls io_uring_setup, "
                 "io_uring_enter and io_uring_register: docker run "
                 "--security-opt seccomp=FILE");
    }
    Add(std::string(kTopic), Severity::kOk,
        disabled ? "kernel.io_uring_disabled is 0"
                 : "the kernel has no switch for it");
  }

  // "uring-lt, uring-et (REASON)": those with the same reason together.
  std::vector<std::string> UnavailableByReason() const {
    std::map<std::string, std::vector<std::string>> names;
    for (const UnavailableBackend& backend : machine_.unavailable) {
      names[backend.reason].push_back(backend.name);
    }
    std::vector<std::string> groups;
    groups.reserve(names.size());
    for (const auto& [reason, backends] : names) {
      groups.push_back(
          fmt::format("{} ({})", fmt::join(backends, ", "), reason));
    }
    return groups;
  }

  void Backends() {
    if (machine_.unavailable.empty()) {
      return Add("backends", Severity::kOk, "all can be used");
    }
    Add("backends", Severity::kWarning,
        fmt::format("unavailable: {}", fmt::join(UnavailableByReason(), "; ")),
        "compare leaves them out; polymux list shows all");
  }

  void Build() {
    const BuildInfo& build = machine_.build;
    const bool optimised = IsOptimised(build);
    Add("build", optimised ? Severity::kOk : Severity::kProblem,
        fmt::format(
            "{}, {}", build.compiler,
            optimised ? "optimised" : "not optimised, or with a sanitizer"),
        "bazel run -c opt //:polymux -- compare");
  }

  void Mitigations() {
    const fs::path directory =
        machine_.root / fs::path(kCpus) / "vulnerabilities";
    std::error_code error;
    std::vector<std::string> active;
    for (const auto& entry : fs::directory_iterator(directory, error)) {
      const std::string name = entry.path().filename();
      const std::string state =
          Line(fs::path(kCpus) / "vulnerabilities" / name);
      if (state.starts_with("Mitigation:")) active.push_back(name);
    }
    if (error) return AddUnknown("mitigations");
    std::ranges::sort(active);
    Add("mitigations", Severity::kOk,
        active.empty()
            ? "none is active"
            : fmt::format("{}: each system call is dearer for them; figures "
                          "hold for machines with the same ones",
                          fmt::join(active, ", ")));
  }

  const Machine& machine_;
  std::vector<Finding> findings_;
};

}  // namespace

std::string_view ToString(Severity severity) {
  switch (severity) {
    case Severity::kOk:
      return "ok";
    case Severity::kWarning:
      return "warning";
    case Severity::kProblem:
      break;
  }
  return "problem";
}

std::vector<Finding> Examine(const Machine& machine) {
  return Examination(machine).Run();
}

}  // namespace polymux::bench
