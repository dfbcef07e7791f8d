#include "bench/load/process_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "bench/lab/process.h"

namespace polymux::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::Contains;
using testing::ElementsAre;

Deadline Soon() { return steady_clock::now() + seconds(20); }

std::vector<pid_t> Pids(pid_t root) {
  std::vector<pid_t> pids;
  for (const TreeProcess& process : ProcessTree(root)) {
    pids.push_back(process.pid);
  }
  return pids;
}

bool SoonContains(pid_t root, pid_t descendant) {
  const Deadline deadline = Soon();
  while (steady_clock::now() < deadline) {
    if (testing::Value(Pids(root), Contains(descendant))) return true;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return false;
}

TEST(ProcessTreeTest, TheRootComesFirst) {
  Process process(
      {.command = {"sh", "-c", "sleep 60 & echo $!; exec sleep 60"}});
  const pid_t child = std::stoi(process.ReadLine(Soon()).value());
  EXPECT_THAT(Pids(process.pid()), ElementsAre(process.pid(), child));
  for (const TreeProcess& member : ProcessTree(process.pid())) {
    EXPECT_EQ(member.group, process.pid());
  }
  EXPECT_THAT(Pids(getpid()), Contains(child));
}

TEST(ProcessTreeTest, ADaemonIsADescendantOfAnotherGroup) {
  Process process({.command = {"sh", "-c",
                               "(setsid sh -c 'echo $$; exec sleep 60' &); "
                               "exec sleep 60"}});
  const pid_t daemon = std::stoi(process.ReadLine(Soon()).value());
  ASSERT_TRUE(SoonContains(process.pid(), daemon));
  EXPECT_EQ(ProcessTree(daemon).front().group, daemon);
}

TEST(ProcessTreeTest, WhatHasEndedHasNone) {
  Process process({.command = {"true"}});
  process.WaitForExit(Soon());
  EXPECT_TRUE(Pids(process.pid()).empty());
}

}  // namespace
}  // namespace polymux::bench
