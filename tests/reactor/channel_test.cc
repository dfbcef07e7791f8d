#include "reactor/channel.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/reactor/support.h"

// Group C of docs/conformance.md one level above the Poller: what one callback
// does to the channels of the same batch.

namespace polymux {
namespace {

constexpr Interest kRead{.read = true};
constexpr Interest kReadWrite{.read = true, .write = true};

UniqueFd MakeEventFd(unsigned value) {
  return UniqueFd(Must(::eventfd(value, EFD_NONBLOCK | EFD_CLOEXEC)));
}

void Signal(int eventfd) { Must(::eventfd_write(eventfd, 1)); }

// A watched eventfd, with its watch ended by the destructor.
class Watched {
 public:
  Watched(EventLoop* loop, UniqueFd fd, Channel::Callback on_readable)
      : fd_(std::move(fd)),
        channel_(loop, fd_.get(), std::move(on_readable), nullptr) {
    EXPECT_FALSE(channel_.Watch(kRead));
  }
  ~Watched() { channel_.Forget(); }

  Channel& channel() { return channel_; }
  int fd() const { return fd_.get(); }

 private:
  const UniqueFd fd_;
  Channel channel_;
};

class ChannelTest : public LoopTest {
 protected:
  // Enough for whatever a batch may have left behind to show.
  void Settle() {
    for (int i = 0; i < 5; ++i) Step();
  }
};

TEST_P(ChannelTest, CallsWhatIsWatchedAndReady) {
  Pair pair = MakeUnixPair(4096);
  int readable = 0;
  int writable = 0;
  Channel channel(
      &loop(), pair.near.fd(), [&](const Event&) { ++readable; },
      [&](const Event&) { ++writable; });
  EXPECT_TRUE(channel.interest().empty());
  EXPECT_EQ(channel.fd(), pair.near.fd());
  Settle();
  EXPECT_EQ(readable + writable, 0) << "called without a watch";

  ASSERT_FALSE(channel.Watch(kRead));
  EXPECT_EQ(channel.interest(), kRead);
  Settle();
  EXPECT_EQ(readable + writable, 0) << "called without being ready";

  pair.far.Send("x");
  Settle();
  EXPECT_GE(readable, 1);
  EXPECT_EQ(writable, 0);

  ASSERT_FALSE(channel.Watch(kReadWrite));
  Settle();
  EXPECT_GE(writable, 1);
  channel.Forget();
}

TEST_P(ChannelTest, AnEmptyInterestIsForget) {
  Pair pair = MakeUnixPair(4096);
  int called = 0;
  Channel channel(
      &loop(), pair.near.fd(), [&](const Event&) { ++called; }, nullptr);
  ASSERT_FALSE(channel.Watch(kRead));
  pair.far.Send("x");
  ASSERT_FALSE(channel.Watch(Interest{}));
  EXPECT_TRUE(channel.interest().empty());
  channel.Forget();  // again, which does nothing
  Settle();
  EXPECT_EQ(called, 0);

  // A fresh watch reports what was there before it, also as an edge.
  ASSERT_FALSE(channel.Watch(kRead));
  Settle();
  EXPECT_GE(called, 1);
  channel.Forget();
}

TEST_P(ChannelTest, AnErrorLeavesTheInterestAsItWas) {
  const int closed = MakeEventFd(0).get();
  Channel nothing(
      &loop(), closed + 5000, [](const Event&) {}, nullptr);
  EXPECT_TRUE(nothing.Watch(kRead));
  EXPECT_TRUE(nothing.interest().empty());
}

TEST_P(ChannelTest, C07_ARequeuedEventIsDispatchedAgainWithoutSleeping) {
  int called = 0;
  Watched watched(&loop(), MakeEventFd(1), [&](const Event& event) {
    EXPECT_TRUE(event.read);
    if (++called < 1000) return loop().Requeue(event);
    loop().Quit();
  });
  Run();
  EXPECT_GE(called, 1000);
  EXPECT_EQ(Count("requeues"), 999U);
}

TEST_P(ChannelTest, C07_OthersAreServedBetweenRequeues) {
  std::string order;
  Watched greedy(&loop(), MakeEventFd(1), [&](const Event& event) {
    order += 'g';
    if (order.size() < 1000) loop().Requeue(event);
  });
  const UniqueFd polite_fd = MakeEventFd(0);
  const int polite_number = polite_fd.get();
  Channel polite(
      &loop(), polite_number, [&](const Event&) { order += 'p'; }, nullptr);
  ASSERT_FALSE(polite.Watch(kRead));
  ASSERT_TRUE(StepUntil([&] { return order.size() >= 10; }));
  Signal(polite_number);
  ASSERT_TRUE(StepUntil([&] { return order.size() >= 1000; }));
  const std::size_t first = order.find('p');
  ASSERT_NE(first, std::string::npos);
  EXPECT_LT(first, 100U) << "starved by the requeued one";
  polite.Forget();
}

TEST_P(ChannelTest, C07_ARequeuedEventIsDroppedWithItsWatch) {
  int called = 0;
  Watched watched(&loop(), MakeEventFd(1), [&](const Event& event) {
    ++called;
    loop().Requeue(event);
    loop().Requeue(event);
    watched.channel().Forget();
  });
  Settle();
  EXPECT_EQ(called, 1);
}

TEST_P(ChannelTest, C12_CrossStop) {
  std::set<int> called;
  std::optional<Watched> one;
  std::optional<Watched> two;
  one.emplace(&loop(), MakeEventFd(1), [&](const Event&) {
    called.insert(1);
    two->channel().Forget();
  });
  two.emplace(&loop(), MakeEventFd(1), [&](const Event&) {
    called.insert(2);
    one->channel().Forget();
  });
  Settle();
  EXPECT_EQ(called.size(), 1U)
      << "a channel was called whose watch had ended in the same batch";
}

TEST_P(ChannelTest, C12_ACallbackDestroysAnotherOfTheBatch) {
  std::set<int> called;
  std::vector<std::unique_ptr<Watched>> channels(20);
  for (std::size_t i = 0; i < channels.size(); ++i) {
    channels[i] = std::make_unique<Watched>(
        &loop(), MakeEventFd(1), [&, i](const Event&) {
          called.insert(static_cast<int>(i));
          for (std::size_t j = 0; j < channels.size(); ++j) {
            if (j != i) channels[j].reset();
          }
        });
  }
  Settle();
  EXPECT_EQ(called.size(), 1U);
}

TEST_P(ChannelTest, C13_CrossCloseReuse) {
  // Each, called first, replaces the other: closes its descriptor, opens one
  // that gets the same number, and watches that. It is not ready, so the event
  // that the batch still holds for the number must go to nobody.
  int stale = 0;
  int fresh = 0;
  bool replaced = false;
  std::optional<Watched> channels[2];
  const auto replace = [&](std::optional<Watched>& other) {
    if (replaced) return;
    replaced = true;
    const int number = other->fd();
    other.reset();
    UniqueFd fd = MakeEventFd(0);
    ASSERT_EQ(fd.get(), number) << "the number was to be reused";
    other.emplace(&loop(), std::move(fd),
                  [&](const Event&) { ++(fresh == -1 ? stale : fresh); });
    fresh = -1;
  };
  for (int i = 0; i < 2; ++i) {
    channels[i].emplace(&loop(), MakeEventFd(1),
                        [&, i](const Event&) { replace(channels[1 - i]); });
  }
  Settle();
  ASSERT_TRUE(replaced);
  EXPECT_EQ(stale, 0) << "an event went to the new owner of its number";

  fresh = 0;
  for (const auto& channel : channels) Signal(channel->fd());
  Settle();
  EXPECT_GE(fresh, 1) << "the new owner of the number is not served";
}

TEST_P(ChannelTest, C14_CloseInOwnCallback) {
  struct Owner {
    Owner(EventLoop* loop, Socket own, Channel::Callback on_readable,
          Channel::Callback on_writable)
        : socket(std::move(own)),
          channel(loop, socket.fd(), std::move(on_readable),
                  std::move(on_writable)) {}
    Socket socket;
    Channel channel;
    std::string name = "alive";
  };
  Pair pair = MakeUnixPair(4096);
  pair.far.Send("x");
  int readable = 0;
  int writable = 0;
  std::shared_ptr<Owner> owner;
  owner = std::make_shared<Owner>(
      &loop(), std::move(pair.near),
      [&](const Event& event) {
        ++readable;
        EXPECT_TRUE(event.write) << "both were to be in one event";
        Owner* const self = owner.get();
        self->channel.Forget();
        loop().ReleaseLater(std::move(owner));
        EXPECT_EQ(self->name, "alive");
      },
      [&](const Event&) { ++writable; });
  const std::weak_ptr<Owner> watch = owner;
  ASSERT_FALSE(owner->channel.Watch(kReadWrite));
  Settle();
  EXPECT_EQ(readable, 1);
  EXPECT_EQ(writable, 0) << "called after its watch had ended";
  EXPECT_TRUE(watch.expired()) << "not released at the end of the iteration";
  EXPECT_TRUE(pair.far.SeesTheEnd());
}

TEST_P(ChannelTest, C15_TwoChannelsWatchEachOtherAgain) {
  std::vector<int> called(2);
  std::optional<Watched> channels[2];
  for (std::size_t i = 0; i < 2; ++i) {
    channels[i].emplace(&loop(), MakeEventFd(1), [&, i](const Event&) {
      if (++called[i] > 1) return;
      // Whatever the batch holds for the other goes stale; being ready, it is
      // reported anew.
      channels[1 - i]->channel().Forget();
      EXPECT_FALSE(channels[1 - i]->channel().Watch(kRead));
    });
  }
  ASSERT_TRUE(StepUntil([&] { return called[0] > 0 && called[1] > 0; }));
}

TEST_P(ChannelTest, C16_WatchAfterForget) {
  int called = 0;
  Watched watched(&loop(), MakeEventFd(0), [&](const Event&) { ++called; });
  for (int i = 0; i < 100; ++i) {
    watched.channel().Forget();
    ASSERT_FALSE(watched.channel().Watch(kRead));
  }
  Signal(watched.fd());
  Settle();
  EXPECT_GE(called, 1);
}

TEST_P(ChannelTest, C27_InAndOutOfOneEvent) {
  Pair pair = MakeUnixPair(4096);
  pair.far.Send("x");
  int readable = 0;
  int writable = 0;
  Channel channel(
      &loop(), pair.near.fd(), [&](const Event&) { ++readable; },
      [&](const Event&) { ++writable; });
  ASSERT_FALSE(channel.Watch(kReadWrite));
  Step();
  EXPECT_GE(readable, 1);
  EXPECT_GE(writable, 1) << "the other direction of the event was lost";
  channel.Forget();
}

TEST_P(ChannelTest, AReadCallbackThatEndsTheWriteWatchEndsTheEvent) {
  Pair pair = MakeUnixPair(4096);
  pair.far.Send("x");
  int writable = 0;
  std::optional<Channel> channel;
  channel.emplace(
      &loop(), pair.near.fd(),
      [&](const Event&) { EXPECT_FALSE(channel->Watch(kRead)); },
      [&](const Event&) { ++writable; });
  ASSERT_FALSE(channel->Watch(kReadWrite));
  Settle();
  EXPECT_EQ(writable, 0);
  channel->Forget();
}

using ChannelDeathTest = ChannelTest;

TEST_P(ChannelDeathTest, IsNotDestroyedWhileWatched) {
#ifdef NDEBUG
  GTEST_SKIP() << "only builds without NDEBUG check this";
#endif
  const UniqueFd fd = MakeEventFd(0);
  std::optional<Channel> channel;
  channel.emplace(
      &loop(), fd.get(), [](const Event&) {}, nullptr);
  ASSERT_FALSE(channel->Watch(kRead));
  EXPECT_DEATH(channel.reset(), "destroyed while watched");
  channel->Forget();
}

INSTANTIATE_TEST_SUITE_P(Backends, ChannelTest, EveryBackend(), BackendOf);
INSTANTIATE_TEST_SUITE_P(Backends, ChannelDeathTest, EveryBackend(), BackendOf);

}  // namespace
}  // namespace polymux
