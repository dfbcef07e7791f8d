#include "reactor/deadline_list.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/reactor/support.h"

namespace polymux {
namespace {

using namespace std::chrono_literals;

// A clock that stands still until it is told.
class ManualClock final : public Clock {
 public:
  TimePoint Now() const override { return now_; }
  void Advance(Duration duration) { now_ += duration; }

 private:
  TimePoint now_{1h};
};

class Limit final : public Deadline {
 public:
  int expired() const { return expired_; }

 private:
  void OnExpired() override { ++expired_; }

  int expired_ = 0;
};

class DeadlineListTest : public testing::Test {
 protected:
  // An iteration of the loop, in which what is due expires.
  void Step() {
    loop_.Quit();
    loop_.Run();
  }
  void Pass(Duration duration) {
    clock_.Advance(duration);
    // The timerfd runs by the real clock, and was set by the manual one.
    ASSERT_TRUE(Eventually([&] {
      Step();
      return list_.looked_at() > looked_at_;
    }));
    looked_at_ = list_.looked_at();
  }

  ManualClock clock_;
  EventLoop loop_{Backends().front(), clock_};
  DeadlineList list_{&loop_, 16ms};
  std::size_t looked_at_ = 0;
};

TEST_F(DeadlineListTest, ExpiresOnceAndNotEarly) {
  Limit limit;
  list_.Arm(limit);
  EXPECT_TRUE(limit.armed());
  clock_.Advance(16ms);  // the room is 1 ms
  ASSERT_TRUE(Eventually([&] {
    Step();
    return CounterOf(loop_.CounterList(), "timer_reads") > 0;
  }));
  EXPECT_EQ(limit.expired(), 0);
  Pass(1ms);
  EXPECT_EQ(limit.expired(), 1);
  EXPECT_FALSE(limit.armed());
}

TEST_F(DeadlineListTest, DisarmedDoesNotExpire) {
  Limit gone;
  Limit stays;
  list_.Arm(gone);
  list_.Arm(stays);
  DeadlineList::Disarm(gone);
  DeadlineList::Disarm(gone);
  EXPECT_FALSE(gone.armed());
  Pass(17ms);
  EXPECT_EQ(gone.expired(), 0);
  EXPECT_EQ(stays.expired(), 1);
}

TEST_F(DeadlineListTest, RefreshingPutsOff) {
  Limit busy;
  Limit quiet;
  list_.Arm(busy);
  list_.Arm(quiet);
  clock_.Advance(10ms);
  Step();
  list_.Refresh(busy);
  Pass(7ms);
  EXPECT_EQ(quiet.expired(), 1);
  EXPECT_EQ(busy.expired(), 0);
  Pass(10ms);
  EXPECT_EQ(busy.expired(), 1);
}

TEST_F(DeadlineListTest, LooksAtTheExpiredOnly) {
  std::vector<Limit> old(10);
  std::vector<Limit> young(10'000);
  for (Limit& limit : old) list_.Arm(limit);
  clock_.Advance(8ms);
  Step();
  for (Limit& limit : young) list_.Arm(limit);
  Pass(9ms);
  for (const Limit& limit : old) EXPECT_EQ(limit.expired(), 1);
  EXPECT_LE(list_.looked_at(), old.size() + 2);
  for (Limit& limit : young) DeadlineList::Disarm(limit);
}

TEST_F(DeadlineListTest, ZeroIsNever) {
  DeadlineList never(&loop_, Duration::zero());
  Limit limit;
  never.Arm(limit);
  EXPECT_FALSE(limit.armed());
}

}  // namespace
}  // namespace polymux
