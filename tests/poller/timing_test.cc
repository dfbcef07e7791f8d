// Group D of docs/conformance.md: timeouts. Bounded strictly from below; from
// above only where the bug is "never" against "soon".

#include <gtest/gtest.h>

#include <thread>

#include "tests/poller/support.h"

namespace polymux {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

class Timing : public PollerTest {
 protected:
  // How long a Wait takes that finds nothing.
  nanoseconds TimeOf(nanoseconds timeout) {
    const steady_clock::time_point start = steady_clock::now();
    EXPECT_TRUE(Wait(timeout).empty());
    return steady_clock::now() - start;
  }
};

TEST_P(Timing, D01_NeverEarly) {
  const ScopedFd silent = MakeEventFd();
  Watch(silent.get(), kRead, 1);
  for (const nanoseconds timeout :
       {nanoseconds(1), nanoseconds(100us), nanoseconds(999'999),
        nanoseconds(1ms), nanoseconds(1'000'001), nanoseconds(1'900us),
        nanoseconds(10ms)}) {
    for (int i = 0; i < 10; ++i) EXPECT_GE(TimeOf(timeout), timeout);
  }
}

TEST_P(Timing, D02_TimeoutTwice) {
  const ScopedFd silent = MakeEventFd();
  Watch(silent.get(), kRead, 1);
  EXPECT_GE(TimeOf(10ms) + TimeOf(10ms), 20ms);
}

TEST_P(Timing, D02_NonBlocking) {
  const ScopedFd silent = MakeEventFd();
  Watch(silent.get(), kRead, 1);
  nanoseconds total{0};
  for (int i = 0; i < 1000; ++i) total += TimeOf(0ns) + TimeOf(-1ns);
  EXPECT_LT(total, 5s);
}

// In milliseconds these do not fit into an int; cut off they would be short or
// negative.
TEST_P(Timing, D03_HugeTimeout) {
  const ScopedFd fd = MakeEventFd();
  Watch(fd.get(), kRead, 1);
  constexpr milliseconds kWrapsToOne((std::int64_t{1} << 32) + 1);
  constexpr milliseconds kWrapsToMinimum(std::int64_t{1} << 31);
  for (const nanoseconds timeout :
       {nanoseconds(30 * 24h), nanoseconds(kWrapsToMinimum),
        nanoseconds(kWrapsToOne), nanoseconds::max()}) {
    const std::jthread waker([&fd] {
      std::this_thread::sleep_for(20ms);
      Signal(fd.get());
    });
    EXPECT_TRUE(Of(Wait(timeout), 1).read) << timeout.count() << " ns";
    Reset(fd.get());
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, Timing, EveryBackend(), BackendOf);

}  // namespace
}  // namespace polymux
