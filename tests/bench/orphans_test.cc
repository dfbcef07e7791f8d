#include "bench/lab/orphans.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#include "bench/lab/process.h"

namespace polymux::bench {
namespace {

// A program that outlives what started it, which has ended by itself: Process
// ends only what descends from a command that still runs. Returns its number.
pid_t StartDaemon() {
  Process process({.command = {"/bin/sh", "-c",
                               "setsid sh -c 'echo $$; exec sleep 100' &"}});
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::seconds(10);
  const auto line = process.ReadLine(deadline);
  const bool has_ended = process.WaitForExit(deadline).has_value();
  return line && has_ended ? std::stoi(*line) : 0;
}

bool Exists(pid_t pid) { return kill(pid, 0) == 0; }

TEST(OrphansTest, AreLeftAloneUnlessAdopted) {
  pid_t daemon = 0;
  {
    const OrphansEnd end;
    daemon = StartDaemon();
  }
  ASSERT_GT(daemon, 0);
  EXPECT_TRUE(Exists(daemon));
  kill(daemon, SIGKILL);
}

// In a process of its own, whose children from then on these are.
TEST(OrphansDeathTest, EndWithTheScope) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        AdoptOrphans();
        pid_t daemon = 0;
        bool lived = false;
        {
          const OrphansEnd end;
          daemon = StartDaemon();
          lived = daemon > 0 && Exists(daemon);
        }
        std::exit(lived && !Exists(daemon) ? 42 : 1);
      },
      testing::ExitedWithCode(42), "");
}

}  // namespace
}  // namespace polymux::bench
