// Group E of docs/conformance.md as far as it concerns a Poller: a watched
// eventfd wakes a Wait, and signals do no harm.

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/eventfd.h>

#include <atomic>
#include <csignal>
#include <limits>
#include <thread>

#include "tests/poller/support.h"

namespace polymux {
namespace {

using namespace std::chrono_literals;

using WakeUp = PollerTest;

TEST_P(WakeUp, E01_SeveralWakesThenQuiet) {
  const ScopedFd wake = MakeEventFd();
  Watch(wake.get(), Level(kRead), 1);
  for (int i = 0; i < 10; ++i) Signal(wake.get());
  EXPECT_TRUE(Of(Wait(), 1).read);
  Reset(wake.get());
  EXPECT_TRUE(Wait().empty());
  EXPECT_TRUE(Wait(1ms).empty());
}

TEST_P(WakeUp, E02_WakeBeforeWait) {
  const ScopedFd wake = MakeEventFd();
  for (const Interest interest : {kRead, Level(kRead)}) {
    Signal(wake.get());
    Watch(wake.get(), interest, 1);
    EXPECT_TRUE(Of(Wait(30s), 1).read);
    Reset(wake.get());
    EXPECT_TRUE(Wait().empty());
    Signal(wake.get());
    EXPECT_TRUE(Of(Wait(30s), 1).read);
    Reset(wake.get());
  }
}

// Two threads wake each other's Wait in turn; a lost wake would hang.
TEST_P(WakeUp, E02_NoWakeIsLostBetweenThreads) {
  constexpr int kRounds = 2000;
  const ScopedFd ping = MakeEventFd();
  const ScopedFd pong = MakeEventFd();
  const std::jthread other([&] {
    const std::unique_ptr<Poller> waiting = backend().create();
    EXPECT_FALSE(waiting->Watch(ping.get(), kRead, 1));
    for (int i = 0; i < kRounds; ++i) {
      std::span<Event> events;
      while (events.empty()) {
        EXPECT_FALSE(waiting->Wait(std::nullopt, &events));
      }
      Reset(ping.get());
      Signal(pong.get());
    }
  });
  Watch(pong.get(), kRead, 1);
  for (int i = 0; i < kRounds; ++i) {
    Signal(ping.get());
    ASSERT_TRUE(WaitFor(1, kRead).read);
    Reset(pong.get());
  }
}

// A write that finds the counter full means that the wake is signalled already.
TEST_P(WakeUp, E09_SaturatedEventFd) {
  constexpr eventfd_t kFull = std::numeric_limits<eventfd_t>::max() - 1;
  const ScopedFd wake = MakeEventFd();
  Watch(wake.get(), Level(kRead), 1);
  Must(::eventfd_write(wake.get(), kFull));
  EXPECT_EQ(::eventfd_write(wake.get(), 1), -1);
  EXPECT_EQ(errno, EAGAIN);
  EXPECT_TRUE(Of(Wait(), 1).read);
  Reset(wake.get());
  EXPECT_TRUE(Wait().empty());
  Signal(wake.get());
  EXPECT_TRUE(Of(Wait(), 1).read);
}

// Signals at 1 kHz while messages come at a tenth of that.
TEST_P(WakeUp, E12_SignalsDuringTraffic) {
  constexpr int kMessages = 30;
  struct sigaction ignore_it {};
  struct sigaction before {};
  ignore_it.sa_handler = [](int) {};
  Must(::sigaction(SIGUSR1, &ignore_it, &before));
  const SocketPair pair = MakeSocketPair();
  const pthread_t waiter = ::pthread_self();
  std::jthread sender([&] {
    for (int i = 0; i < 10 * kMessages; ++i) {
      std::this_thread::sleep_for(1ms);
      ::pthread_kill(waiter, SIGUSR1);
      if (i % 10 == 9) Write(pair.far.get(), "x");
    }
  });

  Watch(pair.near.get(), kRead, 1);
  std::size_t received = 0;
  while (received < kMessages) {
    std::span<Event> events;
    const std::error_code error = poller().Wait(std::nullopt, &events);
    ASSERT_FALSE(error) << error.message();
    if (!events.empty()) received += Drain(pair.near.get());
  }
  sender.join();
  EXPECT_GT(Count("empty_waits"), 0U) << "no Wait was interrupted";
  Must(::sigaction(SIGUSR1, &before, nullptr));
}

INSTANTIATE_TEST_SUITE_P(Backends, WakeUp, EveryBackend(), BackendOf);

}  // namespace
}  // namespace polymux
