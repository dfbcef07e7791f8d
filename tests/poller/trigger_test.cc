// Group C of docs/conformance.md, first part: edges and levels. An edge must
// be reported at least once, a level as long as it holds.

#include <gtest/gtest.h>
#include <poll.h>

#include "tests/poller/support.h"

namespace polymux {
namespace {

using Triggering = PollerTest;

TEST_P(Triggering, C01_EdgeFallsQuietLevelRepeats) {
  for (const Interest interest : {kRead, Level(kRead)}) {
    SocketPair pair = MakeSocketPair();
    Watch(pair.near.get(), interest, 1);
    Write(pair.far.get(), "twelve bytes");
    pair.far.Close();
    if (edge(interest)) {
      EXPECT_TRUE(Of(Wait(), 1).read);
      EXPECT_EQ(Read(pair.near.get(), 1), "t");
      EXPECT_TRUE(FallsQuiet()) << "although bytes are left";
    } else {
      for (int i = 0; i <= 12; ++i) {
        EXPECT_TRUE(Of(Wait(), 1).read) << "after " << i << " bytes";
        EXPECT_EQ(Read(pair.near.get(), 1).size(), i < 12 ? 1U : 0U);
      }
      EXPECT_TRUE(Of(Wait(), 1).read) << "end of file is a level as well";
    }
    Forget(pair.near.get());
  }
}

TEST_P(Triggering, C02_WhatIsLeftKeepsItsTrigger) {
  const SocketPair pair = MakeSocketPair();
  for (const Interest::Mode mode :
       {Interest::Mode::kNative, Interest::Mode::kLevel}) {
    const Interest both{.read = true, .write = true, .mode = mode};
    const Interest write{.write = true, .mode = mode};
    Watch(pair.near.get(), both, 1);
    EXPECT_TRUE(Of(Wait(), 1).write);
    Watch(pair.near.get(), write, 1);
    EXPECT_TRUE(Of(Wait(), 1).write);
    EXPECT_EQ(FallsQuiet(), edge(write));
  }
}

TEST_P(Triggering, C03_EventsFollowTheInterest) {
  const SocketPair pair = MakeSocketPair();
  const int fd = pair.near.get();
  Write(pair.far.get(), "x");
  for (const Interest interest : {kReadWrite, Level(kReadWrite)}) {
    Watch(fd, interest, 1);
    EXPECT_TRUE(Of(Wait(), 1).read);
    EXPECT_EQ(FallsQuiet(), edge(interest));
    Watch(fd, kWrite, 1);
    EXPECT_TRUE(Of(Wait(), 1).write);
    Watch(fd, kRead, 1);
    EXPECT_TRUE(Of(Wait(), 1).read);
    Forget(fd);
    EXPECT_TRUE(Wait().empty());
    Watch(fd, interest, 1);
    EXPECT_TRUE(Of(Wait(), 1).read) << "a fresh watch re-arms";
    Forget(fd);
  }
}

TEST_P(Triggering, C04_NewDataIsANewEdge) {
  for (const SocketPair& pair : {MakeSocketPair(), MakeTcpPair()}) {
    Watch(pair.near.get(), kRead, 1);
    for (int chunk = 0; chunk < 10; ++chunk) {
      Write(pair.far.get(), "x");
      EXPECT_TRUE(WaitFor(1, kRead).read)
          << "chunk " << chunk << " arrived before the others were read";
    }
    Forget(pair.near.get());
  }
}

TEST_P(Triggering, C05_ModifyRearms) {
  const SocketPair pair = MakeSocketPair();
  Write(pair.far.get(), "x");
  Watch(pair.near.get(), kRead, 1);
  EXPECT_TRUE(Of(Wait(), 1).read);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(FallsQuiet(), edge());
    Watch(pair.near.get(), i % 2 == 0 ? kReadWrite : kRead, 1);
    EXPECT_TRUE(Of(Wait(), 1).read) << "change " << i;
  }
}

TEST_P(Triggering, C05_ModifyFromEdgeToLevelAndBack) {
  const ScopedFd fd = MakeEventFd(1);
  for (int i = 0; i < 3; ++i) {
    Watch(fd.get(), kRead, 1);
    EXPECT_TRUE(Of(Wait(), 1).read);
    EXPECT_EQ(FallsQuiet(), edge());
    Watch(fd.get(), Level(kRead), 1);
    EXPECT_TRUE(Of(Wait(), 1).read);
    EXPECT_FALSE(FallsQuiet());
  }
}

TEST_P(Triggering, C05_RearmReportsWhatIsReadyAgain) {
  for (const SocketPair& pair : {MakeSocketPair(), MakeTcpPair()}) {
    for (const Interest interest :
         {kRead, kWrite, kReadWrite, Level(kReadWrite)}) {
      const int fd = pair.near.get();
      Write(pair.far.get(), "x");
      AwaitKernel(fd, POLLIN);
      Watch(fd, interest, 1);
      WaitFor(1, interest);
      const std::uint64_t adds = Count("adds");
      const std::uint64_t modifies = Count("modifies");
      const std::uint64_t removes = Count("removes");
      for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(FallsQuiet(), edge(interest));
        ASSERT_FALSE(poller().Rearm(fd));
        const Ready ready = Of(Wait(), 1);
        EXPECT_EQ(ready.read, interest.read) << "rearmed " << i << " times";
        EXPECT_EQ(ready.write, interest.write);
      }
      EXPECT_EQ(Count("adds"), adds);
      EXPECT_EQ(Count("removes"), removes);
      EXPECT_EQ(Count("modifies") - modifies, edge(interest) ? 10U : 0U);
      Drain(fd);
      Forget(fd);
    }
  }
}

TEST_P(Triggering, C05_RearmOfWhatIsNotReadyReportsNothingUntilItIs) {
  const SocketPair pair = MakeSocketPair();
  Watch(pair.near.get(), kRead, 1);
  EXPECT_TRUE(Wait().empty());
  ASSERT_FALSE(poller().Rearm(pair.near.get()));
  ExpectNoSpin();
  Write(pair.far.get(), "x");
  EXPECT_TRUE(Of(Wait(), 1).read);
  EXPECT_EQ(FallsQuiet(), edge());
}

// A read edge may carry the write direction along. It is a hint that holds or
// costs one EAGAIN.
TEST_P(Triggering, C06_SpuriousWrite) {
  const SocketPair pair = MakeSocketPair();
  Watch(pair.near.get(), kReadWrite, 1);
  Wait();
  Write(pair.far.get(), "x");
  const Ready ready = Of(Wait(), 1);
  EXPECT_TRUE(ready.read);
  if (ready.write) {
    EXPECT_NO_THROW(Write(pair.near.get(), "x"));
  }

  Fill(pair.near.get());
  Write(pair.far.get(), "x");
  EXPECT_TRUE(Of(Wait(), 1).read);
  EXPECT_EQ(Fill(pair.near.get()), 0U);
}

TEST_P(Triggering, C09_ReadyAgainAfterWouldBlock) {
  for (const SocketPair& pair : {MakeSocketPair(), MakeTcpPair()}) {
    Watch(pair.near.get(), kRead, 1);
    for (int i = 0; i < 100; ++i) {
      Write(pair.far.get(), "message");
      ASSERT_TRUE(WaitFor(1, kRead).read);
      EXPECT_EQ(Drain(pair.near.get()), 7U);
    }
    Forget(pair.near.get());
  }
}

// What does not fit into one batch comes with the next ones, also when what
// came before has been handled and is ready no more.
TEST_P(Triggering, C10_MoreReadyThanFits) {
  constexpr std::size_t kCount = 10 * Poller::kInitialEvents;
  const std::vector<ScopedFd> fds = MakeEventFds(kCount);
  for (const Interest interest : {kRead, Level(kRead)}) {
    for (Token token = 0; token < kCount; ++token) {
      Watch(fds[token].get(), interest, token);
      Signal(fds[token].get());
    }
    std::set<Token> seen;
    while (seen.size() < kCount) {
      const std::set<Token> batch = TokensOf(Wait());
      ASSERT_FALSE(batch.empty()) << seen.size() << " of " << kCount;
      for (const Token token : batch) {
        EXPECT_TRUE(seen.insert(token).second);
        Reset(fds[token].get());
      }
    }
    EXPECT_TRUE(Wait().empty());
    for (const ScopedFd& fd : fds) Forget(fd.get());
  }
}

// yedf2/handy#74: with `else if` between the directions, one of them is lost.
TEST_P(Triggering, C27_InAndOutInOneEdge) {
  const SocketPair pair = MakeSocketPair();
  Watch(pair.near.get(), kReadWrite, 1);
  Fill(pair.near.get());
  FallsQuiet();
  for (int i = 0; i < 100; ++i) {
    Drain(pair.far.get());
    Write(pair.far.get(), "x");
    const std::vector<Ready> batch = Wait();
    ASSERT_EQ(TokensOf(batch), std::set<Token>{1});
    EXPECT_TRUE(Of(batch, 1).read);
    EXPECT_TRUE(Of(batch, 1).write);
    Drain(pair.near.get());
    Fill(pair.near.get());
  }
}

TEST_P(Triggering, C29_WriteEdgeAfterPartialWrite) {
  for (const SocketPair& pair : {MakeSocketPair(), MakeTcpPair()}) {
    Watch(pair.near.get(), kWrite, 1);
    std::size_t sent = 0;
    std::size_t received = 0;
    for (int i = 0; i < 20; ++i) {
      ASSERT_TRUE(WaitFor(1, kWrite).write) << "after " << sent << " bytes";
      const std::size_t accepted = Fill(pair.near.get());
      ASSERT_GT(accepted, 0U);
      sent += accepted;
      while (received < sent) received += Drain(pair.far.get());
    }
    EXPECT_EQ(received, sent);
    Forget(pair.near.get());
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, Triggering, EveryBackend(), BackendOf);

}  // namespace
}  // namespace polymux
