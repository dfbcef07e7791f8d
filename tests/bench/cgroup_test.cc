#include "bench/lab/cgroup.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>

#include "bench/lab/process.h"
#include "bench/load/cgroup_usage.h"
#include "bench/load/own_cgroup.h"

namespace polymux::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

Deadline Soon() { return steady_clock::now() + seconds(20); }

// With one, limits and throttling at the root were read twice.
TEST(OwnCgroupTest, HasNoSlashAtItsEnd) {
  for (const char* controller : {"", "cpu", "cpuacct", "memory"}) {
    const auto own = FindOwnCgroup(controller);
    if (!own) continue;
    EXPECT_TRUE(own->directory.has_filename()) << own->directory;
    EXPECT_TRUE(own->directory.string().starts_with(own->mount_point.string()));
  }
}

class CgroupTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!group_) GTEST_SKIP() << "no control group can be made here";
  }

  ProcessOptions Shell(const std::string& script) const {
    return {.command = {"sh", "-c", script}, .cgroup_fd = group_->members_fd()};
  }

  std::optional<Cgroup> group_ = Cgroup::Make();
};

// Of processes that have ended and that nobody has waited for.
TEST_F(CgroupTest, CountsWhatHasEnded) {
  const CgroupUsage usage(group_->directory());
  const std::int64_t before = usage.CpuNs();
  Process process(
      Shell("(i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done &) ; wait; "
            "echo started; while :; do sleep 60; done"));
  ASSERT_EQ(process.ReadLine(Soon()), "started");
  EXPECT_TRUE(group_->HoldsAll({process.pid()}));
  // The loop of the one that has no parent left.
  while (group_->HoldsAll({process.pid()}) && usage.Pids().size() > 2) {
    std::this_thread::sleep_for(milliseconds(5));
  }
  EXPECT_GE(usage.CpuNs() - before, 10'000'000);
  EXPECT_LE(usage.CpuNs() - before, 20'000'000'000);
  EXPECT_GT(usage.ReadSplit().user_ns, 0);
}

TEST_F(CgroupTest, HasNoneOfOurOwnProcesses) {
  EXPECT_FALSE(group_->HoldsAll({getpid()}));
  EXPECT_TRUE(CgroupMembers(group_->directory()).empty());
}

// Whatever has become of their parents.
TEST_F(CgroupTest, ItsEndIsThatOfAllInIt) {
  const std::filesystem::path directory = group_->directory();
  Process process(
      Shell("(setsid sh -c 'echo $$; exec sleep 60' &); exec sleep 60"));
  const pid_t daemon = std::stoi(process.ReadLine(Soon()).value());
  EXPECT_TRUE(group_->HoldsAll({daemon}));
  group_.reset();
  EXPECT_FALSE(std::filesystem::exists(directory));
  EXPECT_EQ(process.WaitForExit(Soon())->Describe(),
            "was killed by signal 9 (Killed)");
}

TEST_F(CgroupTest, WhatAKilledLabHasLeftIsRemoved) {
  // No process has this number: it is beyond the greatest.
  const std::filesystem::path left =
      group_->directory().parent_path() / "polymux-999999999-1";
  std::filesystem::create_directory(left);
  EXPECT_TRUE(Cgroup::Make());
  EXPECT_FALSE(std::filesystem::exists(left));
}

}  // namespace
}  // namespace polymux::bench
