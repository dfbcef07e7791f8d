// Group A of docs/conformance.md: what Watch and Forget do to the set of
// watched descriptors.

#include <gtest/gtest.h>

#include <algorithm>
#include <climits>
#include <fstream>
#include <random>

#include "tests/poller/support.h"

namespace polymux {
namespace {

using namespace std::chrono_literals;

constexpr std::errc kNoEntry = std::errc::no_such_file_or_directory;
constexpr std::errc kBadDescriptor = std::errc::bad_file_descriptor;

using Registration = PollerTest;

// Returns the pages of address space in use.
long AddressSpacePages() {
  long pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages;
}

TEST_P(Registration, A01_RunOnceWithNothing) {
  EXPECT_TRUE(Wait(0ns).empty());
  EXPECT_TRUE(Wait(10ms).empty());
}

TEST_P(Registration, A02_WatchTwice) {
  const SocketPair pair = MakeSocketPair();
  Write(pair.far.get(), "x");
  Watch(pair.near.get(), kRead, 1);
  Watch(pair.near.get(), kWrite, 2);
  const std::vector<Ready> batch = Wait();
  ASSERT_EQ(TokensOf(batch), std::set<Token>{2});
  EXPECT_TRUE(Of(batch, 2).write);
  EXPECT_FALSE(Of(batch, 2).read);

  Watch(pair.near.get(), kReadWrite, 3);
  Watch(pair.near.get(), kReadWrite, 4);
  EXPECT_EQ(TokensOf(Wait()), std::set<Token>{4});
}

TEST_P(Registration, A03_ForgetUnwatched) {
  const ScopedFd watched = MakeEventFd(1);
  const ScopedFd unwatched = MakeEventFd(1);
  Watch(watched.get(), kRead, 1);
  EXPECT_EQ(poller().Forget(unwatched.get()), kNoEntry);
  EXPECT_EQ(TokensOf(Wait()), std::set<Token>{1});
}

TEST_P(Registration, A04_ForgetTwice) {
  const ScopedFd fd = MakeEventFd(1);
  Watch(fd.get(), kRead, 1);
  Forget(fd.get());
  EXPECT_EQ(poller().Forget(fd.get()), kNoEntry);
  EXPECT_TRUE(Wait().empty());
  Watch(fd.get(), kRead, 2);
  EXPECT_EQ(TokensOf(Wait()), std::set<Token>{2});
}

TEST_P(Registration, A05_ReregisterInterestAndToken) {
  const SocketPair pair = MakeSocketPair();
  Write(pair.far.get(), "x");
  for (Token token = 1; token <= 100; ++token) {
    const Interest interest = token % 3 == 0   ? kReadWrite
                              : token % 3 == 1 ? kRead
                                               : kWrite;
    Watch(pair.near.get(), interest, token);
    const std::vector<Ready> batch = Wait();
    ASSERT_EQ(TokensOf(batch), std::set<Token>{token});
    EXPECT_EQ(Of(batch, token).read, interest.read);
    EXPECT_EQ(Of(batch, token).write, interest.write);
  }
}

TEST_P(Registration, A06_RegisterAfterDeregister) {
  const ScopedFd fd = MakeEventFd();
  for (Token token = 1; token <= 10; ++token) {
    Watch(fd.get(), kRead, token);
    EXPECT_TRUE(Wait().empty());
    Signal(fd.get());
    EXPECT_EQ(TokensOf(Wait()), std::set<Token>{token});
    Forget(fd.get());
    EXPECT_TRUE(Wait().empty());
    Reset(fd.get());
  }
}

TEST_P(Registration, A07_ReregisterDifferentInterest) {
  const ScopedFd listener = MakeListener();
  const ScopedFd client = ConnectTo(listener.get());
  for (const Interest write : {kWrite, Level(kWrite)}) {
    Watch(listener.get(), kRead, 1);
    EXPECT_TRUE(WaitFor(1, kRead).read);
    Watch(listener.get(), write, 2);
    EXPECT_TRUE(Wait(1ms).empty());
  }
}

TEST_P(Registration, A08_InvalidDescriptors) {
  const ScopedFd fd = MakeEventFd(1);
  Watch(fd.get(), kRead, 1);
  const ScopedFd high = DuplicateFrom(fd.get(), 500);
  const int beyond = high.get() + 1;
  const long pages_before = AddressSpacePages();
  for (const int wild : {-1, INT_MIN, INT_MAX, INT_MAX / 2, beyond}) {
    EXPECT_EQ(poller().Watch(wild, kRead, 2), kBadDescriptor) << wild;
    EXPECT_EQ(poller().Forget(wild), wild < 0 ? kBadDescriptor : kNoEntry)
        << wild;
  }
  EXPECT_LT(AddressSpacePages() - pages_before, 4096);
  EXPECT_EQ(TokensOf(Wait()), std::set<Token>{1});
}

// Watches `count` ready eventfds and returns how often each was reported after
// `waits` Waits.
class ManyEvents : public PollerTest {
 protected:
  std::vector<int> ReportsOf(const std::vector<ScopedFd>& fds, Interest mode,
                             int waits) {
    for (Token token = 0; token < fds.size(); ++token) {
      Watch(fds[token].get(), mode, token);
      Signal(fds[token].get());
    }
    std::vector<int> reports(fds.size());
    for (int i = 0; i < waits; ++i) {
      for (const Token token : TokensOf(Wait())) ++reports[token];
    }
    return reports;
  }
};

TEST_P(ManyEvents, A09_EachIsReportedThoughTheArrayIsSmaller) {
  for (const std::size_t count : {std::size_t{70}, std::size_t{1100}}) {
    const std::vector<ScopedFd> fds = MakeEventFds(Room(count));
    for (const Interest interest : {kRead, Level(kRead)}) {
      // 64, 128, 256, 512, 1024: the sixth has room for all.
      const std::vector<int> reports = ReportsOf(fds, interest, 6);
      EXPECT_EQ(std::ranges::count(reports, 0), 0);
      if (!edge(interest)) {
        EXPECT_EQ(TokensOf(Wait()).size(), fds.size());
      }
      for (const ScopedFd& fd : fds) Forget(fd.get());
    }
  }
}

TEST_P(ManyEvents, A09_NobodyStarvesBeyondTheLargestArray) {
  const std::vector<ScopedFd> fds = MakeEventFds(Room(5000));
  constexpr int kWaitsToGrow = 6;
  constexpr int kWaitsForAll = 3;
  const std::vector<int> reports =
      ReportsOf(fds, kRead, kWaitsToGrow + kWaitsForAll);
  EXPECT_EQ(std::ranges::count(reports, 0), 0);
  if (edge()) return;
  for (int round = 0; round < 3; ++round) {
    std::set<Token> seen;
    for (int i = 0; i < kWaitsForAll; ++i) seen.merge(TokensOf(Wait()));
    EXPECT_EQ(seen.size(), fds.size());
  }
}

TEST_P(ManyEvents, A10_SlowAdd) {
  const std::vector<ScopedFd> fds = MakeEventFds(200);
  for (std::size_t watched = 1; watched <= fds.size(); ++watched) {
    Watch(fds[watched - 1].get(), kRead, watched - 1);
    for (std::size_t i = 0; i < watched; ++i) Signal(fds[i].get());
    std::set<Token> seen = TokensOf(Wait());
    seen.merge(TokensOf(Wait()));
    ASSERT_EQ(seen.size(), watched);
    for (std::size_t i = 0; i < watched; ++i) Reset(fds[i].get());
  }
}

// The entry that a removal moves into the hole keeps its own token.
TEST_P(Registration, A11_RemoveMiddleSwap) {
  const std::vector<ScopedFd> fds = MakeEventFds(100);
  for (unsigned seed = 0; seed < 10; ++seed) {
    std::mt19937 random(seed);
    std::vector<Token> watched(fds.size());
    for (Token token = 0; token < fds.size(); ++token) {
      watched[token] = token;
      Watch(fds[token].get(), kRead, token);
    }
    std::ranges::shuffle(watched, random);
    while (!watched.empty()) {
      std::set<Token> fired;
      for (const Token token : watched) {
        if (random() % 2 == 0) fired.insert(token);
      }
      for (const Token token : fired) Signal(fds[token].get());
      std::set<Token> seen = TokensOf(Wait());
      seen.merge(TokensOf(Wait()));
      ASSERT_EQ(seen, fired);
      for (const Token token : fired) Reset(fds[token].get());
      Forget(fds[watched.back()].get());
      watched.pop_back();
    }
  }
}

TEST_P(Registration, A12_DuplicateDescriptors) {
  const SocketPair pair = MakeSocketPair();
  ScopedFd duplicate = DuplicateFrom(pair.near.get());
  const int number = duplicate.get();
  Watch(pair.near.get(), kRead, 1);
  Watch(number, kRead, 2);
  Write(pair.far.get(), "x");
  EXPECT_EQ(TokensOf(Wait()), (std::set<Token>{1, 2}));
  Drain(pair.near.get());

  Forget(number);
  duplicate.Close();
  Write(pair.far.get(), "x");
  EXPECT_EQ(TokensOf(Wait()), std::set<Token>{1});
  Drain(pair.near.get());

  duplicate = DuplicateAt(pair.near.get(), number);
  Watch(number, kWrite, 3);
  Write(pair.far.get(), "x");
  const std::vector<Ready> batch = Wait();
  EXPECT_EQ(TokensOf(batch), (std::set<Token>{1, 3}));
  EXPECT_TRUE(Of(batch, 1).read);
  EXPECT_TRUE(Of(batch, 3).write);
  EXPECT_FALSE(Of(batch, 3).read);
}

TEST_P(Registration, A13_SparseHighDescriptor) {
  const ScopedFd low = MakeEventFd();
  const ScopedFd other = MakeEventFd();
  ScopedFd high = DuplicateFrom(other.get(), 900);
  Watch(low.get(), kRead, 1);
  Watch(high.get(), kRead, 2);
  EXPECT_TRUE(Wait().empty());
  Signal(high.get());
  EXPECT_EQ(TokensOf(Wait()), std::set<Token>{2});
  Signal(low.get());
  EXPECT_EQ(TokensOf(Wait()).count(1), 1U);
  // The low one alone is left, and is still seen.
  Forget(high.get());
  Reset(low.get());
  Signal(low.get());
  EXPECT_EQ(TokensOf(Wait()), std::set<Token>{1});
}

TEST_P(Registration, A14_DestroyWhileWatching) {
  const std::vector<ScopedFd> fds = MakeEventFds(100);
  for (Token token = 0; token < fds.size(); ++token) {
    Watch(fds[token].get(), kRead, token);
    if (token % 2 == 0) Signal(fds[token].get());
  }
  EXPECT_FALSE(Wait().empty());
  DestroyPoller();
  for (const ScopedFd& fd : fds) Signal(fd.get());
}

TEST_P(Registration, A15_EventStorageIsReused) {
  const ScopedFd fd = MakeEventFd(1);
  Watch(fd.get(), Level(kRead), 1);
  std::span<Event> first;
  std::span<Event> second;
  ASSERT_FALSE(poller().Wait(0ns, &first));
  ASSERT_FALSE(poller().Wait(0ns, &second));
  ASSERT_EQ(first.size(), 1U);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(first.data(), second.data());
  // An old result does not survive a Wait that finds nothing.
  Reset(fd.get());
  ASSERT_FALSE(poller().Wait(0ns, &second));
  EXPECT_TRUE(second.empty());
}

TEST_P(Registration, A16_DestructionClosesWhatThePollerOpened) {
  const int lowest_free = MakeEventFd().get();
  DestroyPoller();
  const int freed = MakeEventFd().get();
  EXPECT_LE(freed, lowest_free);
  for (int i = 0; i < 100; ++i) {
    backend().create();
    EXPECT_EQ(MakeEventFd().get(), freed);
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, Registration, EveryBackend(), BackendOf);
INSTANTIATE_TEST_SUITE_P(Backends, ManyEvents, EveryBackend(), BackendOf);

}  // namespace
}  // namespace polymux
