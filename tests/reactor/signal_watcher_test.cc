#include "reactor/signal_watcher.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/reactor/support.h"

namespace polymux {
namespace {

bool IsBlocked(int signal) {
  sigset_t mask;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return sigismember(&mask, signal) == 1;
}

class SignalWatcherTest : public LoopTest {
 protected:
  SignalWatcherTest() { ::pthread_sigmask(SIG_SETMASK, nullptr, &before_); }
  ~SignalWatcherTest() override {
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t before_;
};

TEST_P(SignalWatcherTest, DeliversInTheLoopsThread) {
  SignalWatcher::Block({SIGUSR1, SIGUSR2});
  std::vector<int> got;
  const SignalWatcher watcher(&loop(), {SIGUSR1, SIGUSR2}, [&](int signal) {
    EXPECT_TRUE(loop().IsInLoopThread());
    got.push_back(signal);
    loop().Quit();
  });
  ::kill(::getpid(), SIGUSR1);
  EXPECT_TRUE(got.empty());
  Run();
  EXPECT_EQ(got, std::vector<int>{SIGUSR1});
  // Of a thread that inherits the mask, to the process.
  std::thread([] { ::kill(::getpid(), SIGUSR2); }).join();
  Run();
  EXPECT_EQ(got, (std::vector<int>{SIGUSR1, SIGUSR2}));
  EXPECT_EQ(Count("signal_reads"), 2U);
}

TEST_P(SignalWatcherTest, DeliversAllThatArePending) {
  SignalWatcher::Block({SIGUSR1, SIGUSR2});
  int got = 0;
  const SignalWatcher watcher(&loop(), {SIGUSR1, SIGUSR2},
                              [&](int signal) { got += signal; });
  ::kill(::getpid(), SIGUSR1);
  ::kill(::getpid(), SIGUSR2);
  EXPECT_TRUE(StepUntil([&] { return got == SIGUSR1 + SIGUSR2; }));
}

TEST_P(SignalWatcherTest, WakesASleepingLoop) {
  SignalWatcher::Block({SIGUSR1});
  const SignalWatcher watcher(&loop(), {SIGUSR1},
                              [this](int) { loop().Quit(); });
  std::thread other([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ::kill(::getpid(), SIGUSR1);
  });
  Run();
  other.join();
}

TEST_P(SignalWatcherTest, AWatchedSignalThatNobodyReadsAnyMoreStaysPending) {
  SignalWatcher::Block({SIGUSR1});
  int got = 0;
  {
    const SignalWatcher watcher(&loop(), {SIGUSR1}, [&](int) { ++got; });
  }
  ::kill(::getpid(), SIGUSR1);
  Step();
  EXPECT_EQ(got, 0);
  const SignalWatcher next(&loop(), {SIGUSR1}, [&](int) { ++got; });
  Step();
  EXPECT_EQ(got, 1);
}

TEST(SignalWatcherMaskTest, BlockAndRestoreDefault) {
  SignalWatcher::Block({SIGUSR1, SIGUSR2});
  EXPECT_TRUE(IsBlocked(SIGUSR1));
  EXPECT_TRUE(IsBlocked(SIGUSR2));
  std::thread([] { EXPECT_TRUE(IsBlocked(SIGUSR1)); }).join();
  SignalWatcher::RestoreDefault(SIGUSR2);
  EXPECT_FALSE(IsBlocked(SIGUSR2));
  EXPECT_TRUE(IsBlocked(SIGUSR1));
  SignalWatcher::RestoreDefault(SIGUSR1);
}

TEST(SignalWatcherDeathTest, AfterRestoreDefaultASignalEndsTheProcess) {
  EXPECT_EXIT(
      {
        SignalWatcher::Block({SIGTERM});
        SignalWatcher::RestoreDefault(SIGTERM);
        ::kill(::getpid(), SIGTERM);
        ::pause();
      },
      testing::KilledBySignal(SIGTERM), "");
}

INSTANTIATE_TEST_SUITE_P(Backends, SignalWatcherTest, EveryBackend(),
                         BackendOf);

}  // namespace
}  // namespace polymux
