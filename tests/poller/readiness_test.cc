// Group B of docs/conformance.md: what is reported for a ready descriptor.

#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/poller/support.h"

namespace polymux {
namespace {

using namespace std::chrono_literals;

using Readiness = PollerTest;

TEST_P(Readiness, B01_ReadImmediate) {
  const SocketPair pair = MakeSocketPair();
  Write(pair.far.get(), "x");
  Watch(pair.near.get(), kRead, 1);
  const Ready ready = Of(Wait(), 1);
  EXPECT_TRUE(ready.read);
  EXPECT_FALSE(ready.write);
  EXPECT_FALSE(ready.hang_up);
}

TEST_P(Readiness, B02_WriteImmediate) {
  const SocketPair pair = MakeSocketPair();
  Watch(pair.near.get(), kWrite, 1);
  const Ready ready = Of(Wait(), 1);
  EXPECT_TRUE(ready.write);
  EXPECT_FALSE(ready.read);
  EXPECT_FALSE(ready.hang_up);
}

TEST_P(Readiness, B03_ReadPersist) {
  const SocketPair pair = MakeSocketPair();
  Watch(pair.near.get(), kRead, 1);
  for (int i = 0; i < 100; ++i) {
    Write(pair.far.get(), "x");
    ASSERT_TRUE(Of(Wait(), 1).read) << "message " << i;
    EXPECT_EQ(Drain(pair.near.get()), 1U);
    ASSERT_TRUE(Wait().empty());
  }
  Forget(pair.near.get());
  Write(pair.far.get(), "x");
  EXPECT_TRUE(Wait().empty());
}

TEST_P(Readiness, B03_WritePersist) {
  const SocketPair pair = MakeSocketPair();
  Watch(pair.near.get(), kWrite, 1);
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(Of(Wait(), 1).write) << "round " << i;
    Fill(pair.near.get());
    ASSERT_TRUE(Wait().empty());
    Drain(pair.far.get());
  }
  Forget(pair.near.get());
  EXPECT_TRUE(Wait().empty());
}

TEST_P(Readiness, B04_ReadWriteSimultaneous) {
  const SocketPair pair = MakeSocketPair();
  Write(pair.far.get(), "x");
  Watch(pair.near.get(), kReadWrite, 1);
  const std::vector<Ready> batch = Wait();
  ASSERT_EQ(TokensOf(batch), std::set<Token>{1});
  EXPECT_TRUE(Of(batch, 1).read);
  EXPECT_TRUE(Of(batch, 1).write);
}

TEST_P(Readiness, B05_ReadPartial) {
  const SocketPair pair = MakeSocketPair();
  Watch(pair.near.get(), Level(kRead), 1);
  Write(pair.far.get(), "0123456789");
  for (int left = 10; left > 0; --left) {
    EXPECT_TRUE(Of(Wait(), 1).read) << left << " bytes left";
    EXPECT_EQ(Read(pair.near.get(), 1).size(), 1U);
  }
  EXPECT_TRUE(Wait().empty());
}

TEST_P(Readiness, B06_WritePartial) {
  const SocketPair pair = MakeSocketPair();
  const std::string message(1 << 20, 'x');
  const ssize_t accepted =
      ::write(pair.near.get(), message.data(), message.size());
  ASSERT_GT(accepted, 0);
  ASSERT_LT(accepted, static_cast<ssize_t>(message.size()));
  Watch(pair.near.get(), kWrite, 1);
  EXPECT_TRUE(Wait().empty());
  EXPECT_EQ(Drain(pair.far.get()), static_cast<std::size_t>(accepted));
  EXPECT_TRUE(Of(Wait(), 1).write);
  Write(pair.near.get(), "more");
}

TEST_P(Readiness, B07_DirectionsToggleIndependently) {
  const SocketPair pair = MakeSocketPair();
  const int fd = pair.near.get();
  Write(pair.far.get(), "x");
  for (Token token = 1; token <= 20; ++token) {
    Watch(fd, kReadWrite, token);
    EXPECT_TRUE(Of(Wait(), token).read);
    Watch(fd, kWrite, token);
    EXPECT_FALSE(Of(Wait(), token).read);
    Watch(fd, kRead, token);
    const Ready ready = Of(Wait(), token);
    EXPECT_TRUE(ready.read);
    EXPECT_FALSE(ready.write);
  }
}

TEST_P(Readiness, B08_ZeroDurationPollsEvents) {
  const ScopedFd fd = MakeEventFd(1);
  Watch(fd.get(), kRead, 1);
  EXPECT_TRUE(Of(Wait(0ns), 1).read);
  Watch(fd.get(), Level(kRead), 1);
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(Of(Wait(0ns), 1).read);
    EXPECT_TRUE(Of(Wait(-1s), 1).read);
  }
}

TEST_P(Readiness, B09_OnceWhenForgottenInBetween) {
  const SocketPair pair = MakeSocketPair();
  Watch(pair.near.get(), kRead, 1);
  Write(pair.far.get(), "x");
  EXPECT_TRUE(Of(Wait(), 1).read);
  Forget(pair.near.get());
  Write(pair.far.get(), "x");
  EXPECT_TRUE(Wait().empty());
  EXPECT_TRUE(Wait(1ms).empty());
}

INSTANTIATE_TEST_SUITE_P(Backends, Readiness, EveryBackend(), BackendOf);

}  // namespace
}  // namespace polymux
