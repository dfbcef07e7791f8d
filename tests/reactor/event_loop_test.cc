#include "reactor/event_loop.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/reactor/support.h"

// Groups D and E of docs/conformance.md.

namespace polymux {
namespace {

using namespace std::chrono_literals;

class ManualClock final : public Clock {
 public:
  TimePoint Now() const override { return now; }
  TimePoint now{};
};

// Lets `loop` handle what there is, every 2 ms, until `condition` holds; false
// after 1000 times.
bool LookUntil(EventLoop& loop, const std::function<bool()>& condition) {
  for (int i = 0; i < 1000; ++i) {
    std::this_thread::sleep_for(2ms);
    loop.Quit();
    EXPECT_FALSE(loop.Run());
    if (condition()) return true;
  }
  return false;
}

class EventLoopTest : public LoopTest {
 protected:
  // Runs the loop and returns how long that took.
  Duration TimeOfRun() {
    const TimePoint start = Clock::Monotonic().Now();
    Run();
    return Clock::Monotonic().Now() - start;
  }
  // Runs the loop until a timer ends it, and returns how long that took since
  // just before the timer was set; this thread may lose its CPU in between.
  Duration TimeOfRunFor(Duration delay) {
    const TimePoint start = Clock::Monotonic().Now();
    loop().RunAfter(delay, [this] { loop().Quit(); });
    Run();
    return Clock::Monotonic().Now() - start;
  }
};

TEST_P(EventLoopTest, E03_RunInThread) {
  constexpr int kThreads = 4;
  constexpr int kTasks = 100'000;
  std::vector<int> next(kThreads);  // touched by the loop's thread alone
  bool in_order = true;
  int ran = 0;
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kTasks; ++i) {
        loop().QueueInLoop([&, t, i] {
          in_order = in_order && next[t] == i;
          ++next[t];
          if (++ran == kThreads * kTasks) loop().Quit();
        });
      }
    });
  }
  Run();
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(in_order);
  EXPECT_EQ(next, std::vector<int>(kThreads, kTasks));
  EXPECT_GE(Count("tasks"), static_cast<std::uint64_t>(kThreads * kTasks));
}

TEST_P(EventLoopTest, E03_OneWakeUpServesManyTasks) {
  std::thread([this] {
    for (int i = 0; i < 1000; ++i) loop().QueueInLoop([] {});
    loop().Quit();
  }).join();
  Run();
  EXPECT_EQ(Count("wakeup_writes"), 1U);
  EXPECT_LE(Count("wakeup_reads"), 1U);
  EXPECT_EQ(Count("tasks"), 1001U);
}

TEST_P(EventLoopTest, E03_WakesASleepingLoop) {
  for (int i = 0; i < 20; ++i) {
    std::thread other([this] {
      std::this_thread::sleep_for(1ms);
      loop().QueueInLoop([this] { loop().Quit(); });
    });
    Run();
    other.join();
  }
}

TEST_P(EventLoopTest, E04_QueueBeforeLoop) {
  bool ran = false;
  loop().QueueInLoop([&] {
    ran = true;
    loop().Quit();
  });
  EXPECT_FALSE(ran) << "QueueInLoop has run its task";
  Run();
  EXPECT_TRUE(ran);
}

TEST_P(EventLoopTest, E04_QueueInACallback) {
  loop().RunAfter(0ms,
                  [this] { loop().QueueInLoop([this] { loop().Quit(); }); });
  Run();
}

TEST_P(EventLoopTest, E05_QueueInsideTask) {
  std::vector<int> order;
  loop().QueueInLoop([&] {
    loop().QueueInLoop([&] {
      order.push_back(2);
      loop().QueueInLoop([&] {
        order.push_back(3);
        loop().Quit();
      });
    });
    order.push_back(1);
  });
  Run();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST_P(EventLoopTest, E06_NoLockWhileRunning) {
  bool unblocked = false;
  loop().QueueInLoop([&] {
    loop().QueueInLoop([this] { loop().Quit(); });
    // A producer must get through while this task takes its time.
    const auto pushed = std::make_shared<std::promise<void>>();
    std::thread([this, pushed] {
      loop().QueueInLoop([] {});
      pushed->set_value();
    }).detach();
    unblocked = pushed->get_future().wait_for(kPatience / 2) ==
                std::future_status::ready;
  });
  Run();
  EXPECT_TRUE(unblocked) << "a slow task blocks those who queue others";
}

TEST_P(EventLoopTest, E07_TestStarvation) {
  bool task = false;
  bool timer = false;
  bool event = false;
  const UniqueFd fd(Must(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)));
  Channel channel(
      &loop(), fd.get(), [&](const Event&) { event = true; }, nullptr);
  ASSERT_FALSE(channel.Watch({.read = true}));
  loop().RunAfter(5ms, [&] { timer = true; });
  std::thread other([&] {
    std::this_thread::sleep_for(5ms);
    loop().QueueInLoop([&] { task = true; });
    Must(::eventfd_write(fd.get(), 1));
  });
  std::function<void()> again = [&] {
    if (task && timer && event) return loop().Quit();
    loop().QueueInLoop(again);
  };
  loop().QueueInLoop(again);
  Run();
  other.join();
  EXPECT_TRUE(task && timer && event);
  channel.Forget();
}

TEST_P(EventLoopTest, E10_StopBeforeRun) {
  loop().Quit();
  Run();
}

TEST_P(EventLoopTest, E10_AQuitEndsOneRun) {
  loop().Quit();
  Run();
  bool fired = false;
  loop().RunAfter(5ms, [&] {
    fired = true;
    loop().Quit();
  });
  Run();
  EXPECT_TRUE(fired) << "the second Run was ended by the first Quit";
}

TEST_P(EventLoopTest, E10_QuitFromAnotherThread) {
  std::thread other([this] {
    std::this_thread::sleep_for(5ms);
    loop().Quit();
  });
  Run();
  other.join();
}

TEST_P(EventLoopTest, E10_WhatWasQueuedBeforeQuitHasRun) {
  int ran = 0;
  std::thread([&] {
    for (int i = 0; i < 100; ++i) loop().QueueInLoop([&] { ++ran; });
    loop().Quit();
  }).join();
  Run();
  EXPECT_EQ(ran, 100);
}

TEST_P(EventLoopTest, K07_TasksOfTheLastBatchRun) {
  // And theirs, which a closing takes a few of.
  int ran = 0;
  std::function<void()> next = [&] {
    if (++ran < 6) loop().QueueInLoop(next);
  };
  loop().QueueInLoop([&] {
    loop().Quit();
    next();
  });
  Run();
  EXPECT_EQ(ran, 6);
}

TEST_P(EventLoopTest, K07_AnEndlessChainOfTasksDoesNotKeepItRunning) {
  std::function<void()> again = [&] { loop().QueueInLoop(again); };
  loop().QueueInLoop(again);
  loop().Quit();
  Run();
}

TEST_P(EventLoopTest, E12_ConcurrentInterruption) {
  static std::atomic<int> interruptions;
  interruptions = 0;
  struct sigaction action {};
  action.sa_handler = [](int) { ++interruptions; };
  struct sigaction before {};
  Must(::sigaction(SIGUSR2, &action, &before));

  std::atomic<bool> stop{false};
  std::thread interrupter([&stop, victim = ::pthread_self()] {
    while (!stop) {
      ::pthread_kill(victim, SIGUSR2);
      std::this_thread::sleep_for(1ms);
    }
  });
  // Until both have happened often, however seldom they get a CPU.
  int ticks = 0;
  const TimerId tick = loop().RunEvery(3ms, [&] {
    if (++ticks > 20 && interruptions > 20) loop().Quit();
  });
  EXPECT_GE(TimeOfRun(), 60ms) << "an interrupted wait was a timeout";
  loop().Cancel(tick);
  stop = true;
  interrupter.join();
  Must(::sigaction(SIGUSR2, &before, nullptr));
}

TEST_P(EventLoopTest, E13_CallbackStack) {
  // What is asked for in a call happens after it: a chain of any length needs
  // no stack.
  constexpr int kLength = 100'000;
  int depth = 0;
  int links = 0;
  std::function<void()> link = [&] {
    EXPECT_EQ(depth++, 0) << "a callback inside of a callback";
    if (++links == kLength) {
      loop().Quit();
    } else {
      loop().QueueInLoop(link);
    }
    --depth;
  };
  loop().QueueInLoop(link);
  Run();
  EXPECT_EQ(links, kLength);

  bool inside = true;
  loop().RunAfter(0ms, [&] {
    EXPECT_FALSE(inside);
    loop().Quit();
  });
  inside = false;
  Run();
}

TEST_P(EventLoopTest, RunInLoopRunsAtOnceInTheLoopsThread) {
  bool ran = false;
  loop().RunInLoop([&] { ran = true; });
  EXPECT_TRUE(ran);
}

TEST_P(EventLoopTest, RunInLoopOfAnotherThreadIsQueued) {
  std::thread::id ran_in;
  std::thread([&] {
    loop().RunInLoop([&] {
      ran_in = std::this_thread::get_id();
      loop().Quit();
    });
  }).join();
  EXPECT_EQ(ran_in, std::thread::id());
  Run();
  EXPECT_EQ(ran_in, std::this_thread::get_id());
}

TEST_P(EventLoopTest, KnowsItsThread) {
  EXPECT_TRUE(loop().IsInLoopThread());
  std::thread([this] { EXPECT_FALSE(loop().IsInLoopThread()); }).join();
}

TEST_P(EventLoopTest, D01_ATimerIsNeverEarly) {
  for (const Duration delay :
       {Duration(1), Duration(999'999), Duration(2ms), Duration(10'000'001)}) {
    EXPECT_GE(TimeOfRunFor(delay), delay);
  }
}

TEST_P(EventLoopTest, D03_ATimerHugelyFarAwayDoesNotWrap) {
  bool wrapped = false;
  loop().RunAfter(std::chrono::hours(24 * 365 * 100), [&] { wrapped = true; });
  loop().RunAfter(std::chrono::hours(24 * 25), [&] { wrapped = true; });
  loop().RunAfter(5ms, [this] { loop().Quit(); });
  Run();
  EXPECT_FALSE(wrapped);
}

TEST_P(EventLoopTest, D04_TimerOrder) {
  ManualClock clock;
  EventLoop manual(backend(), clock);
  std::vector<int> order;
  for (int i = 3; i >= 0; --i) {
    manual.RunAfter(i * 2ms, [&order, i] { order.push_back(i); });
  }
  // All due in one batch.
  clock.now += 10ms;
  EXPECT_TRUE(LookUntil(manual, [&] { return order.size() == 4; }));
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3}));
}

// On every backend, wherever it reports the timer among the descriptors.
TEST_P(EventLoopTest, D08_TimersRunAfterTheEventsThatAreThere) {
  constexpr std::size_t kSockets = 3 * Poller::kInitialEvents;
  std::vector<Pair> pairs;
  std::vector<std::unique_ptr<Channel>> channels;
  std::size_t events = 0;
  std::size_t requeued = 0;
  for (std::size_t i = 0; i < kSockets; ++i) {
    Pair& pair = pairs.emplace_back(MakeUnixPair(4096));
    const auto on_readable = [&, fd = pair.near.fd()](const Event& event) {
      std::array<char, 1> byte{};
      if (::read(fd, byte.data(), byte.size()) == 1) {
        ++events;
        loop().Requeue(event);
      } else {
        ++requeued;
      }
    };
    channels.push_back(std::make_unique<Channel>(&loop(), pair.near.fd(),
                                                 on_readable, nullptr));
    ASSERT_FALSE(channels.back()->Watch({.read = true}));
    pair.far.Send("x");
  }
  std::size_t events_before = 0;
  loop().RunAfter(1ms, [&] { events_before = events; });
  std::this_thread::sleep_for(5ms);
  EXPECT_TRUE(StepUntil([&] { return events_before > 0; }));
  EXPECT_EQ(events_before, kSockets);
  EXPECT_TRUE(StepUntil([&] { return requeued == kSockets; }));
  for (const auto& channel : channels) channel->Forget();
}

TEST_P(EventLoopTest, D04_StartTwice) {
  int ran = 0;
  const auto once = [&] { ++ran; };
  loop().RunAfter(1ms, once);
  loop().RunAfter(1ms, once);
  loop().RunAfter(20ms, [this] { loop().Quit(); });
  Run();
  EXPECT_EQ(ran, 2) << "each runs once";
}

TEST_P(EventLoopTest, D04_CancelInCallback) {
  std::optional<TimerId> victim;
  bool ran = false;
  loop().RunAfter(1ms, [&] { EXPECT_TRUE(loop().Cancel(*victim)); });
  victim = loop().RunAfter(2ms, [&] { ran = true; });
  loop().RunAfter(15ms, [this] { loop().Quit(); });
  std::this_thread::sleep_for(5ms);
  Run();
  EXPECT_FALSE(ran);
}

TEST_P(EventLoopTest, D04_PersistentTimeoutJump) {
  int ran = 0;
  const TimerId id = loop().RunEvery(1ms, [&] {
    ++ran;
    // Late by many periods; none of them may be made up for.
    if (ran == 1) std::this_thread::sleep_for(50ms);
    if (ran == 3) loop().Quit();
  });
  const Duration took = TimeOfRun();
  loop().Cancel(id);
  EXPECT_EQ(ran, 3);
  EXPECT_GE(took, 50ms);
}

TEST_P(EventLoopTest, D04_APeriodicTimerEndsWhenCancelled) {
  int ran = 0;
  std::optional<TimerId> id;
  id = loop().RunEvery(1ms, [&] {
    if (++ran != 3) return;
    loop().Cancel(*id);
    // Time enough for another.
    loop().RunAfter(30ms, [this] { loop().Quit(); });
  });
  Run();
  EXPECT_EQ(ran, 3);
}

TEST_P(EventLoopTest, D04_AnEarlierTimerOvertakes) {
  const TimerId later = loop().RunAfter(kPatience / 2, [this] {
    ADD_FAILURE() << "the loop still sleeps until the later one";
    loop().Quit();
  });
  loop().QueueInLoop(
      [this] { loop().RunAfter(1ms, [this] { loop().Quit(); }); });
  Run();
  EXPECT_TRUE(loop().Cancel(later));
}

TEST_P(EventLoopTest, D07_TimerfdDisarmPending) {
  const TimerId id = loop().RunAfter(1ms, [] { ADD_FAILURE() << "cancelled"; });
  std::this_thread::sleep_for(5ms);
  EXPECT_TRUE(loop().Cancel(id));
  // The expiration may show once; then the timerfd must be silent.
  Step();
  const std::uint64_t events = Count("events");
  for (int i = 0; i < 10; ++i) Step();
  EXPECT_EQ(Count("events"), events) << "the timerfd stays readable";
  EXPECT_LE(Count("timer_reads"), 1U);

  // And the next timer works.
  loop().RunAfter(1ms, [this] { loop().Quit(); });
  Run();
}

TEST_P(EventLoopTest, TimersFollowTheInjectedClock) {
  ManualClock clock;
  EventLoop manual(backend(), clock);
  int ran = 0;
  manual.RunAfter(1ms, [&] { ++ran; });
  int looks = 0;
  EXPECT_TRUE(LookUntil(manual, [&] { return ++looks == 10; }));
  EXPECT_EQ(ran, 0) << "early by the loop's own clock";
  clock.now += 1ms;
  EXPECT_TRUE(LookUntil(manual, [&] { return ran == 1; }));
}

TEST_P(EventLoopTest, AnIdleLoopSleeps) {
  loop().RunAfter(100ms, [this] { loop().Quit(); });
  Run();
  // The timer, and what Run's own takes; a busy loop makes thousands.
  EXPECT_LE(Count("waits"), 10U);
}

TEST_P(EventLoopTest, ReleaseLaterKeepsTheObjectToTheEndOfTheIteration) {
  auto object = std::make_shared<int>(7);
  const std::weak_ptr<int> watch = object;
  bool alive_in_task = false;
  loop().RunAfter(0ms, [&] {
    loop().ReleaseLater(std::move(object));
    EXPECT_FALSE(watch.expired());
    loop().QueueInLoop([&] {
      alive_in_task = !watch.expired();
      loop().Quit();
    });
  });
  Run();
  EXPECT_TRUE(alive_in_task) << "tasks of an iteration come before its end";
  EXPECT_TRUE(watch.expired());
}

TEST_P(EventLoopTest, WhatIsReleasedMayGiveUpMore) {
  struct Link {
    EventLoop* loop;
    std::shared_ptr<Link> next;
    int fd;
    // clang 14 cannot initialise an aggregate from parentheses.
    Link(EventLoop* l, std::shared_ptr<Link> n, int f)
        : loop(l), next(std::move(n)), fd(f) {}
    ~Link() {
      loop->CloseLater(UniqueFd(fd));
      if (next) loop->ReleaseLater(std::move(next));
    }
  };
  std::shared_ptr<Link> chain;
  for (int i = 0; i < 10; ++i) {
    chain =
        std::make_shared<Link>(&loop(), std::move(chain),
                               Must(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
  }
  loop().ReleaseLater(std::move(chain));
  Step();
  EXPECT_EQ(Count("closes"), 10U);
}

TEST_P(EventLoopTest, CloseLaterKeepsTheDescriptorToTheEndOfTheIteration) {
  UniqueFd fd(Must(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
  const int number = fd.get();
  loop().QueueInLoop([&] {
    loop().CloseLater(std::move(fd));
    EXPECT_NE(::fcntl(number, F_GETFD), -1);
  });
  Step();
  EXPECT_EQ(::fcntl(number, F_GETFD), -1);
  EXPECT_EQ(Count("closes"), 1U);
}

TEST_P(EventLoopTest, TriggerIsTheBackends) {
  EXPECT_EQ(loop().trigger(), backend().trigger);
}

TEST_P(EventLoopTest, E11_QuitThenDestroy) {
  for (int i = 0; i < 300; ++i) {
    std::promise<EventLoop*> created;
    std::thread thread([&] {
      EventLoop own(backend());
      created.set_value(&own);
      own.Run();
      // Destroyed at once, with the other thread perhaps still in Quit.
    });
    created.get_future().get()->Quit();
    thread.join();
  }
}

TEST_P(EventLoopTest, F13_AQuietWaitIsTold) {
  int told = 0;
  loop().SetOnWaitTimeout(20ms, [&] {
    EXPECT_TRUE(loop().IsInLoopThread());
    if (++told == 3) loop().Quit();
  });
  EXPECT_GE(TimeOfRun(), 60ms);
  EXPECT_EQ(told, 3);
}

TEST_P(EventLoopTest, F13_WakeUpsAndTimersAreNoTimeouts) {
  int told = 0;
  // Far more than what may lie between two events on a busy machine.
  loop().SetOnWaitTimeout(10s, [&] { ++told; });
  int woken = 0;
  std::thread other([&] {
    for (int i = 0; i < 50; ++i) {
      std::this_thread::sleep_for(1ms);
      loop().QueueInLoop([&] { ++woken; });
    }
    loop().Quit();
  });
  const TimerId id = loop().RunEvery(1ms, [] {});
  Run();
  other.join();
  loop().Cancel(id);
  EXPECT_EQ(woken, 50);
  EXPECT_EQ(told, 0);
}

TEST_P(EventLoopTest, F13_AnInterruptedWaitIsNoTimeoutAndGoesOn) {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  struct sigaction before {};
  Must(::sigaction(SIGUSR2, &action, &before));
  const pthread_t self = ::pthread_self();
  std::atomic<bool> end{false};
  // Each comes long before the time is over, and they go on until it is.
  std::thread interrupter([&] {
    while (!end) {
      ::pthread_kill(self, SIGUSR2);
      std::this_thread::sleep_for(2ms);
    }
  });
  int told = 0;
  loop().SetOnWaitTimeout(100ms, [&] {
    ++told;
    loop().Quit();
  });
  const Duration took = TimeOfRun();
  end = true;
  interrupter.join();
  Must(::sigaction(SIGUSR2, &before, nullptr));
  EXPECT_EQ(told, 1);
  EXPECT_GE(took, 100ms);
}

TEST_P(EventLoopTest, F13_TheCallbackMayReplaceOrEndItself) {
  std::string order;
  loop().SetOnWaitTimeout(1ms, [&] {
    order += 'a';
    loop().SetOnWaitTimeout(1ms, [&] {
      order += 'b';
      loop().SetOnWaitTimeout(1ms, nullptr);
      loop().RunAfter(20ms, [this] { loop().Quit(); });
    });
  });
  Run();
  EXPECT_EQ(order, "ab");
}

TEST_P(EventLoopTest, WhatTasksAndTimersThrowEndsThemAlone) {
  std::string order;
  loop().SetOnException([&](std::exception_ptr exception) {
    EXPECT_TRUE(loop().IsInLoopThread());
    try {
      std::rethrow_exception(exception);
    } catch (const std::runtime_error& error) {
      order += error.what();
    }
  });
  loop().QueueInLoop([] { throw std::runtime_error("task "); });
  loop().QueueInLoop([&] { order += "next task "; });
  Step();
  EXPECT_EQ(order, "task next task ");

  order.clear();
  loop().RunAfter(1ms, [] { throw std::runtime_error("timer "); });
  loop().RunAfter(1ms, [&] { order += "next timer "; });
  int periods = 0;
  const TimerId id = loop().RunEvery(1ms, [&] {
    if (++periods == 3) order += "goes on ";
    throw std::runtime_error(".");
  });
  ASSERT_TRUE(StepUntil([&] { return periods == 3; }));
  loop().Cancel(id);
  EXPECT_EQ(order.substr(0, 17), "timer next timer ");
  EXPECT_NE(order.find("goes on"), std::string::npos);
  EXPECT_EQ(Count("exceptions"), 5U);
}

TEST_P(EventLoopTest, WhatAChannelsCallbackThrowsEndsThatCallAlone) {
  const UniqueFd first(Must(::eventfd(1, EFD_CLOEXEC)));
  const UniqueFd second(Must(::eventfd(1, EFD_CLOEXEC)));
  int told = 0;
  int served = 0;
  loop().SetOnException([&](std::exception_ptr) { ++told; });
  Channel throwing(
      &loop(), first.get(), [](const Event&) { throw 1; }, nullptr);
  Channel other(
      &loop(), second.get(), [&](const Event&) { ++served; }, nullptr);
  throwing.Watch(Interest::LevelRead());
  other.Watch(Interest::LevelRead());
  ASSERT_TRUE(StepUntil([&] { return told >= 2 && served >= 2; }));
  throwing.Forget();
  other.Forget();
}

using EventLoopDeathTest = EventLoopTest;

TEST_P(EventLoopDeathTest, RunWithinRunAborts) {
  loop().QueueInLoop([this] { loop().Run(); });
  EXPECT_DEATH(loop().Run(), "Run is called within Run");
}

TEST_P(EventLoopDeathTest, RunInAnotherThreadAbortsInEveryBuild) {
  EXPECT_DEATH(std::thread([this] { loop().Run(); }).join(),
               "belongs to thread [0-9]+ was called by thread [0-9]+");
}

TEST_P(EventLoopDeathTest, F39_ALoopOnlyCallFromAnotherThreadAborts) {
#ifdef NDEBUG
  GTEST_SKIP() << "only builds without NDEBUG check this";
#endif
  const UniqueFd fd(Must(::eventfd(0, EFD_CLOEXEC)));
  Channel channel(
      &loop(), fd.get(), [](const Event&) {}, nullptr);
  const std::pair<const char*, std::function<void()>> calls[] = {
      {"Run", [&] { loop().Run(); }},
      {"RunAfter", [&] { loop().RunAfter(1s, [] {}); }},
      {"RunEvery", [&] { loop().RunEvery(1s, [] {}); }},
      {"Cancel", [&] { loop().Cancel(TimerId{1}); }},
      {"Requeue", [&] { loop().Requeue(Event{}); }},
      {"ReleaseLater", [&] { loop().ReleaseLater(nullptr); }},
      {"CloseLater", [&] { loop().CloseLater(UniqueFd()); }},
      {"CounterList", [&] { loop().CounterList(); }},
      {"Channel::Watch", [&] { channel.Watch({.read = true}); }},
      {"Channel::Forget", [&] { channel.Forget(); }},
  };
  const std::string both = "belongs to thread " + std::to_string(::gettid()) +
                           " was called by thread [0-9]+";
  for (const auto& [name, call] : calls) {
    SCOPED_TRACE(name);
    EXPECT_DEATH(std::thread(call).join(), both);
  }
}

// A backend whose wait fails, and one that cannot be had.
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

constinit const Backend kFailing = {
    .name = "failing",
    .kernel_interface = "none",
    .trigger = Trigger::kLevel,
    .reports_hang_up = false,
    .changes_are_system_calls = false,
    .max_fd = std::nullopt,
    .probe = [] { return std::string(); },
    .create = []() -> std::unique_ptr<Poller> {
      return std::make_unique<FailingPoller>(kFailing);
    }};

TEST(EventLoopErrorTest, RunReturnsTheErrorOfTheWait) {
  EventLoop loop(kFailing);
  bool ran = false;
  loop.QueueInLoop([&] { ran = true; });
  EXPECT_EQ(loop.Run(), std::errc::not_enough_memory);
  EXPECT_TRUE(ran) << "what was queued runs all the same";
}

TEST(EventLoopErrorTest, F13_TheErrorOfTheWaitIsToldOnceBeforeTheLoopQuits) {
  EventLoop loop(kFailing);
  std::string order;
  loop.SetOnWaitError([&](std::error_code error) {
    EXPECT_EQ(error, std::errc::not_enough_memory);
    order += "told ";
    loop.QueueInLoop([&] { order += "task "; });
  });
  loop.SetOnWaitTimeout(1ns,
                        [] { ADD_FAILURE() << "an error is no time-out"; });
  EXPECT_EQ(loop.Run(), std::errc::not_enough_memory);
  order += "quit ";
  EXPECT_EQ(loop.Run(), std::errc::not_enough_memory);
  EXPECT_EQ(order, "told task quit ");
}

INSTANTIATE_TEST_SUITE_P(Backends, EventLoopTest, EveryBackend(), BackendOf);
INSTANTIATE_TEST_SUITE_P(Backends, EventLoopDeathTest, EveryBackend(),
                         BackendOf);

}  // namespace
}  // namespace polymux
