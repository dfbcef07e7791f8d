#include "bench/load/system_usage.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ctime>

#include "bench/load/clock.h"

namespace polymux::bench {
namespace {

TEST(SystemUsage, GrowsByWhatWeUse) {
  const SystemUsage before = ReadSystemUsage();
  const std::int64_t end = ReadClockNs(CLOCK_PROCESS_CPUTIME_ID) + 200'000'000;
  while (ReadClockNs(CLOCK_PROCESS_CPUTIME_ID) < end) {
  }
  const SystemUsage used = ReadSystemUsage() - before;
  EXPECT_GE(used.busy_ns, 100'000'000);
  EXPECT_EQ(used.throttled_ns.has_value(),
            ReadSystemUsage().throttled_ns.has_value());
  if (used.steal_ns) {
    EXPECT_GE(*used.steal_ns, 0);
  }
  if (used.psi_cpu_some_us) {
    EXPECT_GE(*used.psi_cpu_some_us, 0);
  }
}

TEST(SystemUsage, CountsWhatBegins) {
  const SystemUsage before = ReadSystemUsage();
  const pid_t child = fork();
  if (child == 0) _exit(0);
  waitpid(child, nullptr, 0);
  EXPECT_GE((ReadSystemUsage() - before).begun, 1);
}

TEST(SystemUsage, DifferenceNeedsBothReadings) {
  const SystemUsage known{.busy_ns = 5, .steal_ns = 3, .psi_cpu_some_us = 2};
  const SystemUsage unknown{.busy_ns = 1, .steal_ns = {}, .psi_cpu_some_us = 1};
  const SystemUsage difference = known - unknown;
  EXPECT_EQ(difference.busy_ns, 4);
  EXPECT_EQ(difference.steal_ns, std::nullopt);
  EXPECT_EQ(difference.psi_cpu_some_us, 1);
}

}  // namespace
}  // namespace polymux::bench
