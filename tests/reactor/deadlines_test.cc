// Deadlines of connections whose loop was held up, by a callback or since its
// process did not run; and those beyond the end of time. The clock is the
// test's, so that nothing depends on how fast this machine is.

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "reactor/connection.h"
#include "reactor/length_framing.h"
#include "tests/reactor/support.h"

namespace polymux {
namespace {

using namespace std::chrono_literals;

class ManualClock final : public Clock {
 public:
  TimePoint Now() const override { return now; }
  TimePoint now{1h};
};

constexpr Duration kTimeout = 20ms;
constexpr Duration kTooLong = 30ms;

class DeadlinesTest : public BackendTest {
 protected:
  DeadlinesTest() {
    options_.framing = framing_;
    options_.callbacks.on_frame = [this](Connection&, std::string_view) {
      ++frames_;
    };
    options_.callbacks.on_close = [this](Connection&, CloseReason reason,
                                         std::error_code) {
      reasons_.push_back(reason);
    };
    release_ = [this](Connection& connection) {
      connections_.erase(&connection);
    };
  }

  void SetUp() override {
    BackendTest::SetUp();
    if (!IsSkipped()) loop_.emplace(backend(), clock_);
  }

  void TearDown() override {
    CloseAll();
    loop_.reset();
    BackendTest::TearDown();
  }

  void CloseAll() {
    while (!connections_.empty()) connections_.begin()->second->Terminate();
    if (loop_) Step();
    deadlines_.reset();
  }

  std::shared_ptr<Connection> Open(Socket socket) {
    if (!deadlines_) deadlines_.emplace(&*loop_, options_.timeouts);
    auto connection =
        std::make_shared<Connection>(&*loop_, std::move(socket), InetAddress(),
                                     &options_, &release_, &*deadlines_);
    connections_[connection.get()] = connection;
    EXPECT_FALSE(connection->Establish());
    return connection;
  }

  void Step() {
    loop_->Quit();
    EXPECT_FALSE(loop_->Run());
  }
  bool StepUntil(const std::function<bool()>& condition) {
    return Eventually([&] {
      Step();
      return condition();
    });
  }
  std::uint64_t Count(std::string_view counter) const {
    return CounterOf(loop_->CounterList(), counter);
  }

  // The loop does nothing for so long that each deadline has passed and its
  // timer has fired.
  void HoldUp() {
    std::this_thread::sleep_for(kTooLong + 10ms);
    clock_.now += kTooLong;
  }
  // What is due, and what it has queued.
  void StepAFewTimes() {
    const std::uint64_t before = Count("timer_reads");
    EXPECT_TRUE(StepUntil([&] { return Count("timer_reads") > before; }));
    for (int i = 0; i < 5; ++i) Step();
  }

  ManualClock clock_;
  std::optional<EventLoop> loop_;
  const std::shared_ptr<const Framing> framing_ =
      std::make_shared<LengthFraming>(std::size_t{1} << 20);
  Connection::Options options_;
  Connection::Release release_;
  std::optional<ConnectionDeadlines> deadlines_;
  std::map<const Connection*, std::shared_ptr<Connection>> connections_;
  std::size_t frames_ = 0;
  std::vector<CloseReason> reasons_;
};

INSTANTIATE_TEST_SUITE_P(Backends, DeadlinesTest, EveryBackend(), BackendOf);

// Whatever the backend tells of first, and also what does not fit into one
// batch of events.
TEST_P(DeadlinesTest, WhatHasComeIsSeenBeforeTheDeadlineForIt) {
  constexpr std::size_t kConnections = 3 * Poller::kInitialEvents;
  options_.timeouts = {
      .first_byte = kTimeout, .frame = kTimeout, .idle = kTimeout};
  const std::string frame = framing_->Encode("whole");
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < kConnections; ++i) {
    Pair& pair = pairs.emplace_back(MakeTcpPair());
    Open(std::move(pair.near));
    // A third each waits for the first byte, the rest of a frame, a message.
    if (i % 3 == 1) pair.far.Send(frame.substr(0, 2));
    if (i % 3 == 2) pair.far.Send(frame);
  }
  ASSERT_TRUE(StepUntil([&] {
    return Count("bytes_read") == kConnections / 3 * (2 + frame.size());
  }));
  for (std::size_t i = 0; i < kConnections; ++i) {
    pairs[i].far.Send(i % 3 == 1 ? frame.substr(2) : frame);
  }
  HoldUp();
  StepAFewTimes();
  EXPECT_EQ(reasons_.size(), 0U);
  EXPECT_EQ(frames_, kConnections + kConnections / 3);

  HoldUp();
  StepAFewTimes();
  EXPECT_EQ(reasons_.size(), kConnections) << "and then nothing has come";
}

// One wake-up reads only a part of it. A Unix pair takes it whole at once.
TEST_P(DeadlinesTest, AFrameLargerThanWhatOneReadTakes) {
  options_.timeouts.frame = kTimeout;
  options_.read_budget = 1;
  const std::string frame = framing_->Encode(Pattern(200'000));
  Pair pair = MakeUnixPair(1 << 20);
  Open(std::move(pair.near));
  pair.far.Send(frame.substr(0, 2));
  ASSERT_TRUE(StepUntil([&] { return Count("bytes_read") == 2; }));
  ASSERT_EQ(pair.far.SendSome(frame.substr(2)), frame.size() - 2);
  HoldUp();
  StepAFewTimes();
  EXPECT_EQ(frames_, 1U);
  EXPECT_TRUE(reasons_.empty());
}

TEST_P(DeadlinesTest, AFrameThatIsNotWholeIsNotProlonged) {
  options_.timeouts.frame = kTimeout;
  const std::string frame = framing_->Encode("whole");
  Pair pair = MakeTcpPair();
  Open(std::move(pair.near));
  pair.far.Send(frame.substr(0, 2));
  ASSERT_TRUE(StepUntil([&] { return Count("bytes_read") == 2; }));
  pair.far.Send(frame.substr(2, 1));
  HoldUp();
  StepAFewTimes();
  EXPECT_EQ(reasons_, std::vector{CloseReason::kFrameTimeout});
}

TEST_P(DeadlinesTest, OutputThatIsTakenIsSeenBeforeTheDeadlineForIt) {
  options_.timeouts.write = kTimeout;
  Pair pair = MakeUnixPair(4096);
  const auto connection = Open(std::move(pair.near));
  connection->Send(Pattern(400'000));
  const std::size_t pending = connection->pending_output();
  ASSERT_GT(pending, 0U);
  pair.far.ReceiveSome();
  HoldUp();
  StepAFewTimes();
  EXPECT_TRUE(reasons_.empty());
  EXPECT_LT(connection->pending_output(), pending);
  HoldUp();
  StepAFewTimes();
  EXPECT_EQ(reasons_, std::vector{CloseReason::kWriteTimeout});
}

// Random messages, and a loop that is held up for a while between two looks:
// who is answered and who is closed is the same on every backend, that of a
// model without any.
TEST_P(DeadlinesTest, EveryBackendDecidesLikeTheModel) {
  options_.timeouts.idle = kTimeout;
  // No sum of them is within the sixteenth by which a deadline may be late.
  constexpr Duration kShort = kTimeout * 3 / 10;
  constexpr Duration kLong = kTimeout * 3 / 2;
  struct Talker {
    Pair pair;
    std::shared_ptr<Connection> connection;
    TimePoint heard;
    bool sent = false;
    bool open = true;
  };
  const std::string frame = framing_->Encode("whole");
  std::minstd_rand random(20'261'130);
  std::vector<Talker> talkers;
  const auto open_one = [&] {
    Talker& talker = talkers.emplace_back(
        Talker{.pair = MakeTcpPair(), .connection = {}, .heard = clock_.now});
    talker.connection = Open(std::move(talker.pair.near));
  };
  std::size_t expected_frames = 0;
  std::size_t expected_closes = 0;
  for (int look = 0; look < 40; ++look) {
    if (expected_closes + 8 > talkers.size()) open_one();
    for (Talker& talker : talkers) {
      talker.sent = talker.open && random() % 3 == 0;
      if (talker.sent) talker.pair.far.Send(frame);
    }
    const Duration held_up = random() % 3 == 0 ? kLong : kShort;
    std::this_thread::sleep_for(held_up);
    clock_.now += held_up;
    StepAFewTimes();
    for (Talker& talker : talkers) {
      if (talker.sent) talker.heard = clock_.now;
      expected_frames += talker.sent ? 1 : 0;
      const bool late = clock_.now - talker.heard > kTimeout;
      if (talker.open && late) ++expected_closes;
      talker.open = talker.open && !late;
      ASSERT_EQ(talker.connection->closed(), !talker.open) << "look " << look;
    }
    ASSERT_EQ(frames_, expected_frames) << "look " << look;
    ASSERT_EQ(reasons_.size(), expected_closes) << "look " << look;
  }
  EXPECT_GT(expected_closes, 0U);
}

// A sum with the present must not wrap around into the past.
TEST_P(DeadlinesTest, ATimeOutOfCenturiesIsForEver) {
  const std::string frame = framing_->Encode("whole");
  for (const Duration timeout :
       {Duration::max(), Duration::max() - 1s, Duration::max() / 17 * 16}) {
    options_.timeouts = {.first_byte = timeout,
                         .frame = timeout,
                         .idle = timeout,
                         .write = timeout,
                         .linger = timeout};
    Pair silent = MakeTcpPair();
    Pair slow = MakeTcpPair();
    Open(std::move(silent.near));
    Open(std::move(slow.near));
    const std::size_t frames = frames_;
    slow.far.Send(frame + frame.substr(0, 2));
    ASSERT_TRUE(StepUntil([&] { return frames_ > frames; }));
    std::this_thread::sleep_for(5ms);
    clock_.now += 1h;
    for (int i = 0; i < 5; ++i) Step();
    EXPECT_TRUE(reasons_.empty());
    CloseAll();
    reasons_.clear();
  }
}

}  // namespace
}  // namespace polymux
