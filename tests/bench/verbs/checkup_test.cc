#include "bench/verbs/checkup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace polymux::bench {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kIdleStart = "cpu  100 0 100 1000 0 0 0 0 0 0\n";
constexpr const char* kIdleEnd = "cpu  100 0 100 1200 0 0 0 0 0 0\n";

// A machine without faults, whose files a test may change.
class CheckupTest : public testing::Test {
 protected:
  CheckupTest()
      : root_(std::filesystem::path(testing::TempDir()) /
              testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(root_);
    Write("proc/stat", kIdleStart);
    Write("proc/pressure/cpu", "some avg10=0.10 avg60=9.00 total=1\n");
    Write("proc/self/cgroup", "0::/a/b\n");
    Write("sys/fs/cgroup/a/cpu.max", "max 100000\n");
    Write("proc/cpuinfo", "flags\t\t: fpu\n");
    Write("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
          "performance\n");
    Write("sys/devices/system/cpu/intel_pstate/no_turbo", "1\n");
    Write("sys/devices/system/cpu/smt/active", "0\n");
    Write(kClock, "tsc\n");
    Write("proc/meminfo", "MemTotal: 9 kB\nMemAvailable:  4000000 kB\n");
    Write("sys/kernel/mm/transparent_hugepage/enabled",
          "always [madvise] never\n");
    Write("proc/sys/net/core/somaxconn", "4096\n");
    Write("proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n");
    Write("proc/sys/net/ipv4/tcp_tw_reuse", "2\n");
    Write("proc/sys/kernel/io_uring_disabled", "0\n");
    Write("sys/devices/system/cpu/vulnerabilities/meltdown",
          "Mitigation: PTI\n");
    machine_ = {.root = root_,
                .wait = [this] { Write("proc/stat", end_); },
                .usable_cpus = 2,
                .descriptors = 20'000,
                .descriptors_wanted = 20'000,
                .build = {.ndebug = true, .compiler = "gcc", .sanitizer = ""}};
  }

  static constexpr const char* kClock =
      "sys/devices/system/clocksource/clocksource0/current_clocksource";

  void Write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }

  // Of this topic; there is exactly one.
  Finding Look(const std::string& topic) const {
    Finding found{.topic = "none", .seen = ""};
    for (const Finding& finding : Examine(machine_)) {
      if (finding.topic == topic) found = finding;
    }
    EXPECT_EQ(found.topic, topic);
    return found;
  }

  // It is so severe and says what to do.
  void Expect(const std::string& topic, Severity severity,
              const std::string& seen) const {
    const Finding finding = Look(topic);
    EXPECT_EQ(finding.severity, severity) << topic << ": " << finding.seen;
    EXPECT_THAT(finding.seen, HasSubstr(seen));
    EXPECT_THAT(finding.remedy, Not(IsEmpty())) << topic;
  }

  const std::filesystem::path root_;
  std::string end_ = kIdleEnd;
  Machine machine_;
};

TEST_F(CheckupTest, AGoodMachineHasNoFault) {
  for (const Finding& finding : Examine(machine_)) {
    EXPECT_EQ(finding.severity, Severity::kOk)
        << finding.topic << ": " << finding.seen;
    EXPECT_THAT(finding.seen, Not(IsEmpty()));
    EXPECT_THAT(finding.remedy, IsEmpty());
  }
}

TEST_F(CheckupTest, WhatIsNotVisibleIsNoFault) {
  std::filesystem::remove_all(root_);
  end_.clear();
  for (const Finding& finding : Examine(machine_)) {
    EXPECT_EQ(finding.severity, Severity::kOk)
        << finding.topic << ": " << finding.seen;
  }
}

TEST_F(CheckupTest, Steal) {
  end_ = "cpu  100 0 100 1180 0 0 0 20 0 0\n";
  Expect("steal", Severity::kProblem, "10.0 %");
  EXPECT_EQ(Look("load").severity, Severity::kOk);
}

TEST_F(CheckupTest, OtherPrograms) {
  end_ = "cpu  120 0 100 1180 0 0 0 0 0 0\n";
  Expect("load", Severity::kWarning, "10.0 %");
  end_ = "cpu  200 0 100 1100 0 0 0 0 0 0\n";
  Write("proc/stat", kIdleStart);
  Expect("load", Severity::kProblem, "50.0 %");
}

TEST_F(CheckupTest, Pressure) {
  Write("proc/pressure/cpu", "some avg10=31.50 avg60=0.00 total=1\n");
  Expect("pressure", Severity::kProblem, "31.5 %");
}

TEST_F(CheckupTest, Cores) {
  machine_.usable_cpus = 1;
  Expect("cores", Severity::kProblem, "1 CPU");
}

TEST_F(CheckupTest, QuotaOfAnOuterGroup) {
  Write("sys/fs/cgroup/a/cpu.max", "150000 100000\n");
  Expect("quota", Severity::kProblem, "1.50 CPUs");
  Write("sys/fs/cgroup/a/cpu.max", "200000 100000\n");
  EXPECT_EQ(Look("quota").severity, Severity::kOk);
}

TEST_F(CheckupTest, QuotaOfTheFirstVersion) {
  Write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n");
  Write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  Expect("quota", Severity::kProblem, "0.50 CPUs");
}

TEST_F(CheckupTest, Virtualisation) {
  Write("proc/cpuinfo", "flags\t\t: fpu hypervisor\n");
  Write("sys/class/dmi/id/product_name", "KVM\n");
  EXPECT_THAT(Look("machine").seen, HasSubstr("virtual machine (KVM)"));
}

TEST_F(CheckupTest, Frequency) {
  Write("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n");
  Expect("governor", Severity::kWarning, "powersave");
  Write("sys/devices/system/cpu/intel_pstate/no_turbo", "0\n");
  Expect("turbo", Severity::kWarning, "on");
}

TEST_F(CheckupTest, TurboOfOtherDrivers) {
  std::filesystem::remove_all(root_ / "sys/devices/system/cpu/intel_pstate");
  Write("sys/devices/system/cpu/cpufreq/boost", "1\n");
  Expect("turbo", Severity::kWarning, "on");
  EXPECT_THAT(Look("turbo").remedy, HasSubstr("boost"));
}

TEST_F(CheckupTest, SharedCores) {
  Write("sys/devices/system/cpu/smt/active", "1\n");
  Expect("smt", Severity::kWarning, "one core");
}

TEST_F(CheckupTest, Clock) {
  Write(kClock, "hpet\n");
  Expect("clock", Severity::kProblem, "hpet");
  Write(kClock, "kvm-clock\n");
  EXPECT_EQ(Look("clock").severity, Severity::kOk);
}

TEST_F(CheckupTest, Memory) {
  Write("proc/meminfo", "MemAvailable:  600000 kB\n");
  Expect("memory", Severity::kWarning, "585 MiB");
  Write("proc/meminfo", "MemAvailable:  100000 kB\n");
  Expect("memory", Severity::kProblem, "97 MiB");
}

TEST_F(CheckupTest, HugePages) {
  Write("sys/kernel/mm/transparent_hugepage/enabled",
        "[always] madvise never\n");
  Expect("hugepages", Severity::kWarning, "[always]");
}

TEST_F(CheckupTest, Limits) {
  machine_.descriptors = 1024;
  Expect("descriptors", Severity::kWarning, "20000");
  Write("proc/sys/net/core/somaxconn", "128\n");
  Expect("backlog", Severity::kWarning, "128");
  Write("proc/sys/net/ipv4/ip_local_port_range", "50000\t50999\n");
  Expect("ports", Severity::kWarning, "1000");
  Write("proc/sys/net/ipv4/tcp_tw_reuse", "0\n");
  Expect("tw_reuse", Severity::kWarning, "TIME_WAIT");
}

TEST_F(CheckupTest, IoUringSwitchedOff) {
  Write("proc/sys/kernel/io_uring_disabled", "2\n");
  Expect("io_uring", Severity::kWarning, "2");
}

TEST_F(CheckupTest, IoUringForbiddenByAFilter) {
  machine_.unavailable = {{.name = "uring-lt",
                           .kernel_interface = "io_uring(7), one-shot polls",
                           .reason = "forbidden"},
                          {.name = "uring-et",
                           .kernel_interface = "io_uring(7), multishot polls",
                           .reason = "forbidden"}};
  Expect("io_uring", Severity::kWarning, "forbidden");
  EXPECT_THAT(Look("io_uring").remedy, HasSubstr("seccomp"));
  Expect("backends", Severity::kWarning, "uring-lt, uring-et (forbidden)");
}

TEST_F(CheckupTest, AnotherBackendSaysNothingOfIoUring) {
  machine_.unavailable = {{.name = "epoll-lt",
                           .kernel_interface = "epoll(7)",
                           .reason = "forbidden"}};
  EXPECT_EQ(Look("io_uring").severity, Severity::kOk);
  Expect("backends", Severity::kWarning, "epoll-lt (forbidden)");
}

TEST_F(CheckupTest, Build) {
  machine_.build.ndebug = false;
  Expect("build", Severity::kProblem, "not optimised");
}

TEST_F(CheckupTest, Mitigations) {
  EXPECT_THAT(Look("mitigations").seen, HasSubstr("meltdown"));
}

}  // namespace
}  // namespace polymux::bench
