// What the load generator costs is part of what it measures, above all of the
// rate that it can ask for.

#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "apps/build_info.h"
#include "bench/lab/cpus.h"
#include "bench/lab/process.h"
#include "bench/lab/snapshots.h"
#include "bench/load/cpu_list.h"
#include "bench/load/observed_processes.h"
#include "bench/load/run_load.h"
#include "reactor/resolve_host.h"
#include "reactor/unique_fd.h"

namespace polymux::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kWindows = 9;

// Of raw-epoll, in CPU time for the same messages.
constexpr double kLimit = 1.2;

// The address that a server announces on its first line.
std::string AddressOf(Process& server) {
  const auto deadline = std::chrono::steady_clock::now() + seconds(20);
  const std::string line = server.ReadLine(deadline).value_or("");
  const auto begin = line.find(' ') + 1;
  return line.substr(begin, line.find(' ', begin) - begin);
}

// A neighbour that takes CPU time takes none of the processes' own clocks, and
// what it does to the caches both sides of a window share.
TEST(LoadCostTest, AMessageCostsAtMostTwentyPercentMoreThanItCostsRawEpoll) {
  if (!IsOptimised(ThisBuild())) GTEST_SKIP() << "not an optimised build";
  const CpuAssignment cpus = AssignCpus(AllowedCpus(), 1, 1);
  Process server({.command = {"bench/peers/peer", "raw-epoll", "--port", "0"},
                  .cpus = cpus.server});
  if (!cpus.load.empty()) PinToCpus(cpus.load);
  const InetAddress target =
      ResolveHost(ParseHostPort(AddressOf(server)).value()).addresses.at(0);
  const ObservedProcesses observed({server.pid()});
  const UniqueFd stop(eventfd(0, EFD_CLOEXEC));
  LoadShape shape;
  shape.size = 100;
  shape.warm_up = milliseconds(50);
  shape.duration = milliseconds(200);
  std::vector<double> ratios;
  for (int i = 0; i < kWindows; ++i) {
    const LoadResult result =
        RunLoad(target, shape, &observed, false, stop.get());
    ASSERT_FALSE(result.errors.Any()) << result.errors.first;
    ASSERT_TRUE(result.window.observed);
    const auto& observed_ns = result.window.observed->cpu_ns;
    ASSERT_TRUE(observed_ns && *observed_ns > 0);
    ratios.push_back(static_cast<double>(result.window.load_cpu_ns) /
                     static_cast<double>(*observed_ns));
  }
  std::ranges::sort(ratios);
  const double median = ratios[kWindows / 2];
  RecordProperty("median", std::to_string(median));
  EXPECT_LE(median, kLimit) << ratios.front() << " to " << ratios.back();
}

}  // namespace
}  // namespace polymux::bench
