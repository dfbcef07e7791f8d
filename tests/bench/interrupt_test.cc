#include "bench/lab/interrupt.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>

namespace polymux::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

Deadline In(milliseconds delay) { return steady_clock::now() + delay; }

TEST(InterruptTest, WaitsForDataAndForTheDeadline) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const auto start = steady_clock::now();
  EXPECT_FALSE(WaitReadable(ends[0], In(milliseconds(20))));
  EXPECT_GE(steady_clock::now() - start, milliseconds(20));
  ASSERT_EQ(write(ends[1], "x", 1), 1);
  EXPECT_TRUE(WaitReadable(ends[0], Deadline::max()));
  close(ends[0]);
  close(ends[1]);
}

// In processes of their own: signals belong to the whole process.
class InterruptDeathTest : public testing::TestWithParam<int> {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_P(InterruptDeathTest, ASignalEndsTheWaitThatComesNext) {
  EXPECT_EXIT(
      {
        HandleInterrupts();
        raise(GetParam());
        try {
          SleepUntil(Deadline::max());
        } catch (const Interrupted&) {
          std::exit(42);
        }
      },
      testing::ExitedWithCode(42), "");
}

TEST_P(InterruptDeathTest, ALaterSignalHasItsDefaultAction) {
  EXPECT_EXIT(
      {
        HandleInterrupts();
        raise(GetParam());
        try {
          SleepUntil(Deadline::max());
        } catch (const Interrupted&) {
          SleepUntil(In(kSameInterrupt));
          raise(GetParam());
        }
      },
      testing::KilledBySignal(GetParam()), "");
}

// As from timeout(1): it ended the writing of the results.
TEST_P(InterruptDeathTest, TheSameSignalAgainAtOnceIsNoSecondOne) {
  EXPECT_EXIT(
      {
        HandleInterrupts();
        raise(GetParam());
        try {
          SleepUntil(Deadline::max());
        } catch (const Interrupted&) {
          raise(GetParam());
          raise(SIGTERM);
          std::exit(42);
        }
      },
      testing::ExitedWithCode(42), "");
}

TEST_P(InterruptDeathTest, CleaningUpIsNotInterrupted) {
  EXPECT_EXIT(
      {
        HandleInterrupts();
        raise(GetParam());
        WaitReadableUninterrupted(-1, In(milliseconds(10)));
        std::exit(42);
      },
      testing::ExitedWithCode(42), "");
}

// As under nohup.
TEST(InterruptHangUpDeathTest, StaysIgnored) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        signal(SIGHUP, SIG_IGN);
        HandleInterrupts();
        raise(SIGHUP);
        SleepUntil(In(milliseconds(10)));
        std::exit(42);
      },
      testing::ExitedWithCode(42), "");
}

INSTANTIATE_TEST_SUITE_P(Signals, InterruptDeathTest,
                         testing::Values(SIGINT, SIGTERM, SIGHUP));

}  // namespace
}  // namespace polymux::bench
