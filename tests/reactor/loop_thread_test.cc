#include "reactor/loop_thread.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <cstdint>
#include <future>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>

#include "tests/reactor/support.h"

namespace polymux {
namespace {

void NoError(std::error_code error) {
  ADD_FAILURE() << "the loop failed: " << error.message();
}

using LoopThreadTest = BackendTest;

TEST_P(LoopThreadTest, RunsALoopInANamedThread) {
  const LoopThread thread(backend(), "some-name", NoError);
  std::promise<std::string> name;
  thread.loop()->QueueInLoop([&] {
    std::array<char, 16> own{};
    ::pthread_getname_np(::pthread_self(), own.data(), own.size());
    EXPECT_TRUE(thread.loop()->IsInLoopThread());
    name.set_value(own.data());
  });
  EXPECT_EQ(name.get_future().get(), "some-name");
  EXPECT_FALSE(thread.loop()->IsInLoopThread());
}

TEST_P(LoopThreadTest, RunsWhatIsQueuedBeforeItEnds) {
  int ran = 0;
  {
    const LoopThread thread(backend(), "loop", NoError);
    for (int i = 0; i < 1000; ++i) {
      thread.loop()->QueueInLoop([&ran] { ++ran; });
    }
  }
  EXPECT_EQ(ran, 1000);
}

TEST_P(LoopThreadTest, E11_StartsAndEndsManyTimes) {
  for (int i = 0; i < 300; ++i)
    const LoopThread thread(backend(), "loop", NoError);
}

// A poller whose first wait fails, and a backend with it.
class FailingPoller final : public Poller {
 public:
  explicit FailingPoller(const Backend& backend) : Poller(backend) {}

 private:
  std::error_code Change(int, Interest, Interest, std::uint64_t) override {
    return {};
  }
  std::error_code Collect(int, std::span<Event>, std::size_t*) override {
    return std::make_error_code(std::errc::not_enough_memory);
  }
};

Backend FailingBackend() {
  static Backend backend = Backends().front();
  backend.create = []() -> std::unique_ptr<Poller> {
    return std::make_unique<FailingPoller>(backend);
  };
  return backend;
}

TEST(LoopThreadErrorTest, ALoopWhoseWaitFailsSaysSoAndStillRunsTasks) {
  const Backend backend = FailingBackend();
  bool late = false;
  {
    std::promise<std::error_code> told;
    const LoopThread thread(
        backend, "loop", [&](std::error_code error) { told.set_value(error); });
    EXPECT_EQ(told.get_future().get(), std::errc::not_enough_memory);
    std::promise<void> ran;
    thread.loop()->QueueInLoop([&ran] { ran.set_value(); });
    ran.get_future().get();
    thread.loop()->QueueInLoop([&late] { late = true; });
  }
  EXPECT_TRUE(late) << "what is queued by then is the cleaning up";
}

TEST(LoopThreadErrorTest, ThrowsWhenThereIsNoLoopToBeHad) {
  Backend backend = FailingBackend();
  backend.create = []() -> std::unique_ptr<Poller> {
    throw std::runtime_error("no such thing");
  };
  EXPECT_THROW(LoopThread(backend, "loop", NoError), std::runtime_error);
}

INSTANTIATE_TEST_SUITE_P(Backends, LoopThreadTest, EveryBackend(), BackendOf);

}  // namespace
}  // namespace polymux
