// The books of the Poller: on a backend made of memory, where each call of
// Change and Collect can be seen, and on every real one.

#include "poller/poller.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <climits>
#include <utility>

#include "tests/poller/support.h"

namespace polymux {
namespace {

using namespace std::chrono_literals;

const Backend kFakeBackend = {.name = "fake",
                              .kernel_interface = "memory",
                              .trigger = Trigger::kLevel,
                              .reports_hang_up = true,
                              .changes_are_system_calls = false,
                              .max_fd = std::nullopt,
                              .probe = [] { return std::string(); },
                              .create = nullptr};

// Records what the Poller asks for and answers as it is told.
class FakePoller final : public Poller {
 public:
  struct ChangeCall {
    int fd;
    Interest was;
    Interest now;
    std::uint64_t key;
  };

  FakePoller() : Poller(kFakeBackend) {}

  using Poller::Drop;
  using Poller::KeyOf;

  std::vector<ChangeCall> changes;
  std::error_code answer;      // of Change and Collect
  std::size_t ready = 0;       // Collect reports this many, of descriptor 0
  int timeout_ms = 0;          // of the last Collect
  std::size_t array_size = 0;  // of the last Collect

 private:
  std::error_code Change(int fd, Interest was, Interest now,
                         std::uint64_t key) override {
    changes.push_back({fd, was, now, key});
    return answer;
  }

  std::error_code Collect(int timeout, std::span<Event> events,
                          std::size_t* count) override {
    timeout_ms = timeout;
    array_size = events.size();
    *count = std::min(ready, events.size());
    std::fill_n(events.begin(), *count, Event{.key = 0, .read = true});
    return answer;
  }
};

TEST(PollerTest, RoundsTheTimeoutUpAndClampsIt) {
  constexpr std::pair<nanoseconds, int> kTimeouts[] = {
      {0ns, 0},
      {-1ns, 0},
      {nanoseconds::min(), 0},
      {1ns, 1},
      {1ms, 1},
      {1ms + 1ns, 2},
      {milliseconds(INT_MAX), INT_MAX},
      {milliseconds(INT_MAX) + 1ns, INT_MAX},
      {nanoseconds::max(), INT_MAX}};
  FakePoller poller;
  std::span<Event> events;
  for (const auto& [timeout, expected] : kTimeouts) {
    ASSERT_FALSE(poller.Wait(timeout, &events));
    EXPECT_EQ(poller.timeout_ms, expected) << timeout.count() << " ns";
  }
  ASSERT_FALSE(poller.Wait(std::nullopt, &events));
  EXPECT_EQ(poller.timeout_ms, -1);
}

TEST(PollerTest, TheEventArrayDoublesWhenFullUpToItsCap) {
  FakePoller poller;
  std::span<Event> events;
  poller.ready = Poller::kInitialEvents - 1;
  ASSERT_FALSE(poller.Wait(0ns, &events));
  ASSERT_FALSE(poller.Wait(0ns, &events));
  EXPECT_EQ(poller.array_size, Poller::kInitialEvents) << "it was never full";
  poller.ready = 2 * Poller::kMaxEvents;
  for (std::size_t size = Poller::kInitialEvents; size <= Poller::kMaxEvents;
       size *= 2) {
    ASSERT_FALSE(poller.Wait(0ns, &events));
    EXPECT_EQ(poller.array_size, size);
    EXPECT_EQ(events.size(), size);
  }
  ASSERT_FALSE(poller.Wait(0ns, &events));
  EXPECT_EQ(poller.array_size, Poller::kMaxEvents);
}

TEST(PollerTest, AnInterruptedWaitIsEmptyAndAFailedOneAnError) {
  FakePoller poller;
  poller.ready = 1;
  std::span<Event> events;
  ASSERT_FALSE(poller.Wait(0ns, &events));
  EXPECT_EQ(events.size(), 1U);
  poller.answer = std::make_error_code(std::errc::interrupted);
  EXPECT_FALSE(poller.Wait(0ns, &events));
  EXPECT_TRUE(events.empty());
  poller.answer = std::make_error_code(std::errc::invalid_argument);
  EXPECT_EQ(poller.Wait(0ns, &events), std::errc::invalid_argument);
  EXPECT_TRUE(events.empty());
  EXPECT_EQ(CounterOf(poller, "waits"), 3U);
  EXPECT_EQ(CounterOf(poller, "empty_waits"), 2U);
  EXPECT_EQ(CounterOf(poller, "events"), 1U);
}

TEST(PollerTest, ChangeSeesAddModifyAndRemove) {
  const ScopedFd fd = MakeEventFd();
  FakePoller poller;
  ASSERT_FALSE(poller.Watch(fd.get(), kRead, 1));
  ASSERT_FALSE(poller.Watch(fd.get(), kRead, 2));
  ASSERT_FALSE(poller.Watch(fd.get(), Level(kRead), 2));
  ASSERT_FALSE(poller.Forget(fd.get()));
  ASSERT_FALSE(poller.Watch(fd.get(), kWrite, 3));
  ASSERT_EQ(poller.changes.size(), 4U) << "a new token alone is no change";
  EXPECT_EQ(poller.changes[0].was, Interest{});
  EXPECT_EQ(poller.changes[0].now, kRead);
  EXPECT_EQ(poller.changes[1].was, kRead);
  EXPECT_EQ(poller.changes[1].now, Level(kRead));
  EXPECT_EQ(poller.changes[2].was, Level(kRead));
  EXPECT_EQ(poller.changes[2].now, Interest{});
  EXPECT_EQ(poller.changes[3].now, kWrite);
  // One generation from add to remove; a fresh watch begins the next.
  EXPECT_EQ(poller.changes[1].key, poller.changes[0].key);
  EXPECT_EQ(poller.changes[2].key, poller.changes[0].key);
  EXPECT_EQ(poller.changes[3].key, poller.changes[0].key + (1ULL << 32));
  EXPECT_EQ(poller.KeyOf(fd.get()), poller.changes[3].key);
  EXPECT_EQ(static_cast<int>(poller.changes[3].key & UINT32_MAX), fd.get());
}

TEST(PollerTest, AfterAFailedWatchNothingHasChanged) {
  const ScopedFd fd = MakeEventFd();
  FakePoller poller;
  poller.answer = std::make_error_code(std::errc::not_enough_memory);
  EXPECT_EQ(poller.Watch(fd.get(), kRead, 1), std::errc::not_enough_memory);
  EXPECT_EQ(poller.Forget(fd.get()), std::errc::no_such_file_or_directory);

  poller.answer.clear();
  ASSERT_FALSE(poller.Watch(fd.get(), kRead, 2));
  poller.answer = std::make_error_code(std::errc::not_enough_memory);
  EXPECT_EQ(poller.Watch(fd.get(), kReadWrite, 3),
            std::errc::not_enough_memory);
  Event event{.key = poller.KeyOf(fd.get()), .read = true, .write = true};
  EXPECT_EQ(poller.Resolve(event), Token{2});
  EXPECT_FALSE(event.write);
  EXPECT_EQ(CounterOf(poller, "adds"), 2U);
  EXPECT_EQ(CounterOf(poller, "modifies"), 1U);
}

TEST(PollerTest, DropEndsTheRegistrationAndCounts) {
  const ScopedFd fd = MakeEventFd();
  FakePoller poller;
  ASSERT_FALSE(poller.Watch(fd.get(), kRead, 1));
  Event event{.key = poller.KeyOf(fd.get()), .read = true};
  poller.Drop(fd.get());
  EXPECT_EQ(poller.changes.back().now, Interest{});
  EXPECT_EQ(poller.Resolve(event), std::nullopt);
  EXPECT_EQ(poller.Forget(fd.get()), std::errc::no_such_file_or_directory);
  EXPECT_EQ(CounterOf(poller, "dropped"), 1U);
  EXPECT_EQ(CounterOf(poller, "removes"), 0U);
}

TEST(PollerTest, ResolveOfAWildKeyIsEmpty) {
  FakePoller poller;
  for (const std::uint64_t key : {0ULL, 12345ULL, 1ULL << 32, ~0ULL}) {
    Event event{.key = key, .read = true, .write = true};
    EXPECT_EQ(poller.Resolve(event), std::nullopt) << key;
  }
}

class Books : public PollerTest {
 protected:
  // The one event of a Wait, not resolved.
  Event Collect() {
    std::span<Event> events;
    EXPECT_FALSE(poller().Wait(0ns, &events));
    EXPECT_EQ(events.size(), 1U);
    return events.empty() ? Event{} : events[0];
  }
};

TEST_P(Books, ATokenAloneNeedsNoKernelCall) {
  const ScopedFd fd = MakeEventFd(1);
  Watch(fd.get(), kRead, 1);
  Event event = Collect();
  for (Token token = 2; token < 10; ++token) Watch(fd.get(), kRead, token);
  EXPECT_EQ(Count("adds"), 1U);
  EXPECT_EQ(Count("modifies"), 0U);
  // The registration is the same one: what was collected for it is for the
  // new token.
  EXPECT_EQ(poller().Resolve(event), Token{9});
}

TEST_P(Books, CountsWhatWasAsked) {
  const ScopedFd fd = MakeEventFd(1);
  Wait();
  Watch(fd.get(), Level(kRead), 1);
  Watch(fd.get(), Level(kReadWrite), 1);
  Wait();
  Forget(fd.get());
  Wait();
  EXPECT_EQ(Count("waits"), 3U);
  EXPECT_EQ(Count("empty_waits"), 2U);
  EXPECT_EQ(Count("events"), 1U);
  EXPECT_EQ(Count("adds"), 1U);
  EXPECT_EQ(Count("modifies"), 1U);
  EXPECT_EQ(Count("removes"), 1U);
  EXPECT_EQ(Count("stale_events"), 0U);
  EXPECT_EQ(Count("dropped"), 0U);
}

// Resolve masks by the interest of the moment, not of the Wait.
TEST_P(Books, ResolveMasksTheCollectedDirections) {
  const ScopedFd fd = MakeEventFd(1);
  Watch(fd.get(), Level(kReadWrite), 1);
  const Event collected = Collect();
  ASSERT_TRUE(collected.read && collected.write);

  Watch(fd.get(), Level(kWrite), 2);
  Event event = collected;
  EXPECT_EQ(poller().Resolve(event), Token{2});
  EXPECT_FALSE(event.read);
  EXPECT_TRUE(event.write);

  event = {.key = collected.key, .read = true};
  EXPECT_EQ(poller().Resolve(event), std::nullopt);
  EXPECT_EQ(Count("stale_events"), 1U);
}

TEST_P(Books, ARefusedWatchLeavesTheOldOne) {
  const ScopedFd other = MakeEventFd(1);
  ScopedFd fd = MakeEventFd();
  const int number = fd.get();
  Watch(other.get(), Level(kRead), 1);
  Watch(number, kRead, 2);
  EXPECT_EQ(poller().Watch(number, Interest{}, 3), std::errc::invalid_argument);
  Signal(number);
  EXPECT_EQ(TokensOf(Wait()), (std::set<Token>{1, 2}));
}

// The same array for every backend, so that none has larger batches.
TEST_P(Books, BatchesGrowAlikeOnEveryBackend) {
  const std::vector<ScopedFd> fds = MakeEventFds(Room(5000));
  for (Token token = 0; token < fds.size(); ++token) {
    Signal(fds[token].get());
    Watch(fds[token].get(), Level(kRead), token);
  }
  std::size_t size = Poller::kInitialEvents;
  for (int i = 0; i < 9; ++i) {
    const std::size_t expected = std::min(size, fds.size());
    EXPECT_EQ(Wait().size(), expected) << "Wait " << i;
    if (expected == size) size = std::min(2 * size, Poller::kMaxEvents);
  }
}

// Copies of `key` carry the generation: each fresh Watch has another.
TEST_P(Books, EachFreshWatchIsAnotherGeneration) {
  const ScopedFd fd = MakeEventFd(1);
  std::set<std::uint64_t> keys;
  for (int i = 0; i < 100; ++i) {
    Watch(fd.get(), kRead, 1);
    const Event event = Collect();
    EXPECT_TRUE(keys.insert(event.key).second);
    EXPECT_EQ(static_cast<int>(event.key & UINT32_MAX), fd.get());
    Forget(fd.get());
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, Books, EveryBackend(), BackendOf);

}  // namespace
}  // namespace polymux
