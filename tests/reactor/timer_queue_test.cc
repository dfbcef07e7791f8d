#include "reactor/timer_queue.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace polymux {
namespace {

void Call(const TimerQueue::Callback& callback) { callback(); }

using namespace std::chrono_literals;

// Time since an arbitrary origin: the queue knows no clock.
TimePoint At(Duration since_origin) { return TimePoint(since_origin); }

TEST(TimerQueueTest, AnEmptyQueueHasNoDeadline) {
  TimerQueue queue;
  EXPECT_EQ(queue.NextDeadline(), std::nullopt);
  queue.RunExpired(At(1h), Call);
  EXPECT_EQ(queue.size(), 0U);
}

TEST(TimerQueueTest, D04_TimerOrder) {
  TimerQueue queue;
  std::vector<int> ran;
  const auto record = [&ran](int id) {
    return [&ran, id] { ran.push_back(id); };
  };
  queue.Add(At(30ms), record(4));
  queue.Add(At(10ms), record(1));
  queue.Add(At(20ms), record(2));
  queue.Add(At(20ms), record(3));  // after 2, which was first
  queue.Add(At(-5ms), record(0));
  EXPECT_EQ(queue.NextDeadline(), At(-5ms));
  queue.RunExpired(At(30ms), Call);
  EXPECT_EQ(ran, (std::vector<int>{0, 1, 2, 3, 4}));
  EXPECT_EQ(queue.size(), 0U);
}

TEST(TimerQueueTest, RunsOnceAndNotBeforeItsDeadline) {
  TimerQueue queue;
  int ran = 0;
  queue.Add(At(10ms), [&] { ++ran; });
  queue.RunExpired(At(10ms - 1ns), Call);
  EXPECT_EQ(ran, 0);
  queue.RunExpired(At(10ms), Call);
  EXPECT_EQ(ran, 1);
  queue.RunExpired(At(20ms), Call);
  EXPECT_EQ(ran, 1);
}

TEST(TimerQueueTest, CancelEndsATimer) {
  TimerQueue queue;
  int ran = 0;
  const TimerId id = queue.Add(At(10ms), [&] { ++ran; });
  queue.Add(At(20ms), [&] { ran += 10; });
  EXPECT_TRUE(queue.Cancel(id));
  EXPECT_FALSE(queue.Cancel(id));
  EXPECT_EQ(queue.NextDeadline(), At(20ms));
  queue.RunExpired(At(1s), Call);
  EXPECT_EQ(ran, 10);
}

TEST(TimerQueueTest, CancelOfOneThatHasRunIsFalse) {
  TimerQueue queue;
  const TimerId id = queue.Add(At(0ms), [] {});
  queue.RunExpired(At(0ms), Call);
  EXPECT_FALSE(queue.Cancel(id));
  EXPECT_FALSE(queue.Cancel(TimerId{12345}));
}

TEST(TimerQueueTest, D04_CancelInCallbackOfOneDueInTheSameBatch) {
  TimerQueue queue;
  int ran = 0;
  std::optional<TimerId> later;
  queue.Add(At(10ms), [&] { EXPECT_TRUE(queue.Cancel(*later)); });
  later = queue.Add(At(11ms), [&] { ++ran; });
  queue.RunExpired(At(1s), Call);
  EXPECT_EQ(ran, 0) << "a cancelled timer ran";
  EXPECT_EQ(queue.size(), 0U);
  EXPECT_EQ(queue.NextDeadline(), std::nullopt);
}

TEST(TimerQueueTest, D04_CancelOfItselfInItsCallback) {
  TimerQueue queue;
  int ran = 0;
  std::optional<TimerId> once;
  std::optional<TimerId> periodic;
  once = queue.Add(At(0ms), [&] { EXPECT_FALSE(queue.Cancel(*once)); });
  periodic = queue.AddPeriodic(At(0ms), 10ms, [&] {
    ++ran;
    EXPECT_TRUE(queue.Cancel(*periodic));
  });
  queue.RunExpired(At(0ms), Call);
  queue.RunExpired(At(1s), Call);
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(queue.NextDeadline(), std::nullopt);
}

TEST(TimerQueueTest, ACallbackMayDestroyWhatOtherTimersCaptured) {
  TimerQueue queue;
  auto captured = std::make_unique<int>(7);
  std::optional<TimerId> user;
  queue.Add(At(0ms), [&] {
    queue.Cancel(*user);
    captured.reset();
  });
  user = queue.Add(At(0ms), [&] { *captured = 8; });
  queue.RunExpired(At(0ms), Call);
  EXPECT_EQ(captured, nullptr);
}

TEST(TimerQueueTest, OneAddedByACallbackWaitsForTheNextRun) {
  TimerQueue queue;
  int ran = 0;
  queue.Add(At(0ms), [&] { queue.Add(At(0ms), [&] { ++ran; }); });
  queue.RunExpired(At(1s), Call);
  EXPECT_EQ(ran, 0);
  EXPECT_EQ(queue.NextDeadline(), At(0ms));
  queue.RunExpired(At(1s), Call);
  EXPECT_EQ(ran, 1);
}

TEST(TimerQueueTest, APeriodicTimerKeepsItsGrid) {
  TimerQueue queue;
  int ran = 0;
  queue.AddPeriodic(At(10ms), 10ms, [&] { ++ran; });
  queue.RunExpired(At(13ms), Call);  // late, which must not shift what follows
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(queue.NextDeadline(), At(20ms));
  queue.RunExpired(At(20ms), Call);
  EXPECT_EQ(ran, 2);
  EXPECT_EQ(queue.NextDeadline(), At(30ms));
}

TEST(TimerQueueTest, D04_PersistentTimeoutJump) {
  TimerQueue queue;
  int ran = 0;
  queue.AddPeriodic(At(10ms), 10ms, [&] { ++ran; });
  queue.RunExpired(At(1s + 5ms), Call);
  EXPECT_EQ(ran, 1) << "missed periods are skipped, not made up for";
  EXPECT_EQ(queue.NextDeadline(), At(1s + 10ms));
  queue.RunExpired(At(1s + 5ms), Call);
  EXPECT_EQ(ran, 1);
}

TEST(TimerQueueTest, HugeDeadlinesDoNotWrap) {
  TimerQueue queue;
  int ran = 0;
  queue.Add(At(std::chrono::hours(24 * 365 * 100)), [&] { ++ran; });
  queue.Add(At(1ms), [&] { ran += 10; });
  EXPECT_EQ(queue.NextDeadline(), At(1ms));
  queue.RunExpired(At(std::chrono::hours(24 * 30)), Call);
  EXPECT_EQ(ran, 10);
}

TEST(TimerQueueTest, APeriodOfCenturiesDoesNotWrap) {
  TimerQueue queue;
  int ran = 0;
  queue.AddPeriodic(At(1h), Duration::max(), [&] { ++ran; });
  queue.RunExpired(At(1h), Call);
  EXPECT_EQ(queue.NextDeadline(), TimePoint::max());
  queue.RunExpired(At(2h), Call);
  EXPECT_EQ(ran, 1);
}

TEST(TimerQueueTest, CancelledTimersKeepNothingAlive) {
  TimerQueue queue;
  const auto captured = std::make_shared<int>(0);
  const TimerId id = queue.Add(At(1h), [captured] {});
  EXPECT_EQ(captured.use_count(), 2);
  queue.Cancel(id);
  EXPECT_EQ(captured.use_count(), 1);
}

TEST(TimerQueueTest, ManyCancelledTimersAreCompactedAway) {
  // Idle timeouts that are always moved: adding and cancelling for ever must
  // take neither memory nor time for what has been cancelled.
  TimerQueue queue;
  int ran = 0;
  queue.Add(At(2h), [&] { ++ran; });
  for (int i = 0; i < 1'000'000; ++i) {
    const TimerId id = queue.Add(At(1h + Duration(i)), [] { FAIL(); });
    ASSERT_TRUE(queue.Cancel(id));
  }
  EXPECT_EQ(queue.size(), 1U);
  EXPECT_EQ(queue.NextDeadline(), At(2h));
  queue.RunExpired(At(2h), Call);
  EXPECT_EQ(ran, 1);
}

TEST(TimerQueueTest, CompactionInACallbackLosesNobody) {
  TimerQueue queue;
  std::vector<TimerId> ids;
  int ran = 0;
  queue.Add(At(0ms), [&] {
    for (const TimerId id : ids) queue.Cancel(id);
  });
  queue.Add(At(1ms), [&] { ++ran; });  // due in the same batch
  for (int i = 0; i < 1000; ++i) {
    ids.push_back(queue.Add(At(1s), [] { FAIL(); }));
  }
  queue.Add(At(2s), [&] { ran += 10; });
  queue.AddPeriodic(At(1ms), 10s, [&] { ran += 100; });
  queue.RunExpired(At(1ms), Call);
  EXPECT_EQ(ran, 101);
  queue.RunExpired(At(2s), Call);
  EXPECT_EQ(ran, 111);
}

TEST(TimerQueueDeathTest, APeriodIsPositive) {
  EXPECT_DEATH(TimerQueue().AddPeriodic(At(0ms), 0ns, [] {}),
               "a period must be positive");
}

// The obvious queue: a sorted map that is walked.
class Model {
 public:
  void Add(int name, TimePoint deadline, Duration interval) {
    order_[{deadline, name}] = interval;
  }
  bool Cancel(int name) {
    return std::erase_if(order_, [&](const auto& entry) {
             return entry.first.second == name;
           }) > 0;
  }
  std::optional<TimePoint> NextDeadline() const {
    if (order_.empty()) return std::nullopt;
    return order_.begin()->first.first;
  }
  std::vector<int> RunExpired(TimePoint now) {
    std::vector<int> ran;
    std::map<std::pair<TimePoint, int>, Duration> later;
    for (const auto& [key, interval] : order_) {
      TimePoint deadline = key.first;
      if (deadline <= now) {
        ran.push_back(key.second);
        if (interval == 0ns) continue;
        while (deadline <= now) deadline += interval;
      }
      later[{deadline, key.second}] = interval;
    }
    order_ = std::move(later);
    return ran;
  }
  std::size_t size() const { return order_.size(); }

 private:
  // Names rise with insertion.
  std::map<std::pair<TimePoint, int>, Duration> order_;
};

TEST(TimerQueueTest, BehavesLikeItsModel) {
  EXPECT_TRUE(rc::check("TimerQueue against a sorted map", [] {
    TimerQueue queue;
    Model model;
    std::vector<TimerId> ids;
    std::vector<int> ran;
    TimePoint now = At(0ns);
    const int steps = *rc::gen::inRange(1, 300);
    for (int step = 0; step < steps; ++step) {
      const int choice = *rc::gen::inRange(0, 10);
      const int name = static_cast<int>(ids.size());
      const auto callback = [&ran, name] { ran.push_back(name); };
      const TimePoint deadline = now + Duration(*rc::gen::inRange(-5, 50));
      if (choice < 4) {
        ids.push_back(queue.Add(deadline, callback));
        model.Add(name, deadline, 0ns);
      } else if (choice < 5) {
        const Duration interval(*rc::gen::inRange(1, 20));
        ids.push_back(queue.AddPeriodic(deadline, interval, callback));
        model.Add(name, deadline, interval);
      } else if (choice < 8 && !ids.empty()) {
        const int which = *rc::gen::inRange(0, name);
        RC_ASSERT(queue.Cancel(ids[static_cast<std::size_t>(which)]) ==
                  model.Cancel(which));
      } else {
        now += Duration(*rc::gen::inRange(0, 30));
        ran.clear();
        queue.RunExpired(now, Call);
        RC_ASSERT(ran == model.RunExpired(now));
      }
      RC_ASSERT(queue.size() == model.size());
      RC_ASSERT(queue.NextDeadline() == model.NextDeadline());
    }
  }));
}

}  // namespace
}  // namespace polymux
