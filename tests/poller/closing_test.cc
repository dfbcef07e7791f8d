// Group C of docs/conformance.md, second part: no event outlives its
// registration, whatever happens to the descriptor.

#include <gtest/gtest.h>

#include "tests/poller/support.h"

namespace polymux {
namespace {

using namespace std::chrono_literals;

constexpr std::errc kNoEntry = std::errc::no_such_file_or_directory;

class Closing : public PollerTest {
 protected:
  // One Wait, not resolved: a batch that is about to be dispatched.
  std::vector<Event> Collect() {
    std::span<Event> events;
    EXPECT_FALSE(poller().Wait(0ns, &events));
    return {events.begin(), events.end()};
  }

  // How many descriptors the Poller finds closed by itself.
  std::uint64_t DropsOf(std::uint64_t closed) const {
    return backend().changes_are_system_calls ? 0 : closed;
  }
};

TEST_P(Closing, C11_NoEventsAfterDeregister) {
  const SocketPair pair = MakeSocketPair();
  Write(pair.far.get(), "x");
  Watch(pair.near.get(), kReadWrite, 1);
  Forget(pair.near.get());
  EXPECT_TRUE(Wait().empty());

  Watch(pair.near.get(), kReadWrite, 2);
  std::vector<Event> batch = Collect();
  ASSERT_EQ(batch.size(), 1U);
  Forget(pair.near.get());
  EXPECT_EQ(poller().Resolve(batch[0]), std::nullopt);
  EXPECT_TRUE(Wait().empty());
}

TEST_P(Closing, C12_CrossStop) {
  const std::vector<ScopedFd> fds = MakeEventFds(2);
  for (std::uint64_t round = 0; round < 10; ++round) {
    for (Token token = 0; token < 2; ++token) {
      Signal(fds[token].get());
      Watch(fds[token].get(), kRead, token);
    }
    std::vector<Event> batch = Collect();
    ASSERT_EQ(batch.size(), 2U);
    // The handler of the first event stops the other one.
    const std::optional<Token> first = poller().Resolve(batch[0]);
    ASSERT_TRUE(first.has_value());
    Forget(fds[1 - *first].get());
    EXPECT_EQ(Count("stale_events"), round);
    EXPECT_EQ(poller().Resolve(batch[1]), std::nullopt);
    EXPECT_EQ(Count("stale_events"), round + 1);
    Forget(fds[*first].get());
  }
}

// creytiv/re#266: the number of a closed descriptor is taken by a new one while
// an event for the old one is still in the batch.
TEST_P(Closing, C13_CrossCloseReuse) {
  for (int round = 0; round < 100; ++round) {
    std::vector<ScopedFd> fds = MakeEventFds(2);
    for (Token token = 0; token < 2; ++token) {
      Signal(fds[token].get());
      Watch(fds[token].get(), kRead, token);
    }
    std::vector<Event> batch = Collect();
    ASSERT_EQ(batch.size(), 2U);
    const std::optional<Token> first = poller().Resolve(batch[0]);
    ASSERT_TRUE(first.has_value());
    ScopedFd& other = fds[1 - *first];
    const int number = other.get();
    Forget(number);
    other.Close();
    const ScopedFd owner = MakeEventFd();
    ASSERT_EQ(owner.get(), number);
    Watch(number, kRead, 7);
    EXPECT_EQ(poller().Resolve(batch[1]), std::nullopt);

    // The new owner has events of its own and no others.
    EXPECT_EQ(TokensOf(Wait()).count(7), 0U);
    Signal(number);
    EXPECT_EQ(TokensOf(Wait()).count(7), 1U);
    Forget(number);
    Forget(fds[*first].get());
  }
}

TEST_P(Closing, C16_UpdateAfterRemove) {
  SocketPair pair = MakeSocketPair();
  const ScopedFd other = MakeEventFd(1);
  const int number = pair.near.get();
  Watch(other.get(), Level(kRead), 1);
  Watch(number, kRead, 2);
  Forget(number);
  Watch(number, kWrite, 3);
  EXPECT_EQ(TokensOf(Wait()), (std::set<Token>{1, 3}));

  Forget(number);
  pair.near.Close();
  // An error at once, or dropped by the next Wait.
  const bool refused = static_cast<bool>(poller().Watch(number, kWrite, 4));
  Wait();
  EXPECT_EQ(Count("dropped"), refused ? 0U : 1U);
  EXPECT_EQ(poller().Forget(number), kNoEntry);
  EXPECT_EQ(TokensOf(Wait()), std::set<Token>{1});
}

TEST_P(Closing, C17_ClosedWhileWatched) {
  const ScopedFd open = MakeEventFd();
  ScopedFd closed = MakeEventFd(1);
  Watch(open.get(), kRead, 1);
  Watch(closed.get(), kRead, 2);
  closed.Close();
  // The Wait that finds it may end early and empty.
  EXPECT_TRUE(Wait(1ms).empty());
  EXPECT_EQ(Count("dropped"), DropsOf(1));
  ExpectNoSpin();
  Signal(open.get());
  EXPECT_EQ(TokensOf(Wait()), std::set<Token>{1});
}

TEST_P(Closing, C17_ManyClosedAmongReady) {
  std::vector<ScopedFd> fds = MakeEventFds(200);
  std::set<Token> open;
  for (Token token = 0; token < fds.size(); ++token) {
    Signal(fds[token].get());
    Watch(fds[token].get(), Level(kRead), token);
    if (token % 3 == 0) {
      open.insert(token);
    } else {
      fds[token].Close();
    }
  }
  std::set<Token> seen;
  for (int i = 0; i < 5; ++i) seen.merge(TokensOf(Wait()));
  EXPECT_EQ(seen, open);
  EXPECT_EQ(Count("dropped"), DropsOf(200 - open.size()));
  for (const Token token : open) Reset(fds[token].get());
  ExpectNoSpin();
}

// After a close without Forget the number can still be forgotten and watched
// anew, or watched for something else.
TEST_P(Closing, C17_NumberReusedAfterCloseWithoutForget) {
  for (const bool forget : {true, false}) {
    SocketPair old = MakeSocketPair();
    SocketPair fresh = MakeSocketPair();
    const int number = old.near.get();
    Watch(number, kRead, 1);
    old.near.Close();
    Wait();
    const ScopedFd owner = DuplicateAt(fresh.near.get(), number);
    if (forget) poller().Forget(number);
    Watch(number, forget ? kRead : kReadWrite, 2);
    Write(fresh.far.get(), "x");
    EXPECT_TRUE(Of(Wait(), 2).read);
    Forget(number);
    EXPECT_TRUE(Wait().empty());
  }
}

TEST_P(Closing, C18_NoEventAfterForgetAndClose) {
  SocketPair pair = MakeSocketPair();
  Watch(pair.near.get(), kReadWrite, 1);
  EXPECT_FALSE(Wait().empty());
  Forget(pair.near.get());
  pair.near.Close();
  EXPECT_TRUE(Wait().empty());
  ExpectNoSpin();
  EXPECT_EQ(Count("dropped"), 0U);
}

TEST_P(Closing, C19_ForgetIsEnoughWhileADuplicateLives) {
  SocketPair pair = MakeSocketPair();
  const ScopedFd duplicate = DuplicateFrom(pair.near.get());
  Watch(pair.near.get(), kRead, 1);
  Forget(pair.near.get());
  pair.near.Close();
  Write(pair.far.get(), "x");
  EXPECT_TRUE(Wait().empty());
  ExpectNoSpin();
}

// Closed without Forget while a duplicate lives, a registration stays in an
// epoll set and cannot be named until the number is the same file again.
TEST_P(Closing, C19_NumberReusedByTheDuplicate) {
  SocketPair pair = MakeSocketPair();
  const ScopedFd duplicate = DuplicateFrom(pair.near.get());
  const int number = pair.near.get();
  Watch(number, kRead, 1);
  pair.near.Close();
  Write(pair.far.get(), "x");
  Wait();
  poller().Forget(number);
  EXPECT_TRUE(Wait().empty());

  const ScopedFd again = DuplicateAt(duplicate.get(), number);
  Watch(number, kReadWrite, 2);
  const Ready ready = Of(Wait(), 2);
  EXPECT_TRUE(ready.read);
  EXPECT_TRUE(ready.write);
  Forget(number);
  EXPECT_TRUE(Wait().empty());
  ExpectNoSpin();
}

INSTANTIATE_TEST_SUITE_P(Backends, Closing, EveryBackend(), BackendOf);

}  // namespace
}  // namespace polymux
