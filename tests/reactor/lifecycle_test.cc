// How connections end, and what they tell on the way: frames, callbacks,
// deadlines, lingering, work in flight. connection_test and
// connection_closing_test have the raw stream.

#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "reactor/connection.h"
#include "reactor/length_framing.h"
#include "tests/reactor/support.h"

namespace polymux {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMaxPayload = 1000;
// More than a Unix pair with small buffers takes.
constexpr std::size_t kPending = 400'000;

class LifecycleTest : public LoopTest {
 protected:
  LifecycleTest() : LoopTest(ClockWithoutStalls()) {
    options_.callbacks.on_open = [this](Connection& connection) {
      log_ += "open ";
      if (on_open_) on_open_(connection);
    };
    options_.callbacks.on_message = [this](Connection&, Buffer& input) {
      log_ += "message ";
      received_ += input.view();
      input.Clear();
    };
    options_.callbacks.on_close = [this](Connection&, CloseReason reason,
                                         std::error_code error) {
      log_ += "close ";
      reasons_.push_back(reason);
      error_ = error;
    };
    release_ = [this](Connection& connection) {
      connections_.erase(&connection);
    };
  }

  void TearDown() override {
    while (!connections_.empty()) connections_.begin()->second->Terminate();
    if (!IsSkipped()) {
      Step();
      EXPECT_EQ(loop().buffers()->borrowed(), 0U);
    }
    deadlines_.reset();
    LoopTest::TearDown();
  }

  // REQUIRES: options_ are as they shall be.
  std::shared_ptr<Connection> Open(Socket socket) {
    if (!deadlines_) deadlines_.emplace(&loop(), options_.timeouts);
    auto connection =
        std::make_shared<Connection>(&loop(), std::move(socket), InetAddress(),
                                     &options_, &release_, &*deadlines_);
    connections_[connection.get()] = connection;
    EXPECT_FALSE(connection->Establish());
    return connection;
  }

  void UseFrames() {
    options_.framing = framing_;
    options_.callbacks.on_frame = [this](Connection& connection,
                                         std::string_view payload) {
      frames_.emplace_back(payload);
      if (on_frame_) on_frame_(connection, payload);
    };
  }

  void StepFor(Duration duration) {
    const TimePoint end = loop().Now() + duration;
    EXPECT_TRUE(StepUntil([&] { return loop().Now() >= end; }));
  }
  void StepAFewTimes() {
    for (int i = 0; i < 5; ++i) Step();
  }

  // Steps until there is a first on_close, and a few times more for a second;
  // why it was.
  CloseReason StepUntilClosed() {
    EXPECT_TRUE(StepUntil([&] { return !reasons_.empty(); }));
    StepAFewTimes();
    EXPECT_EQ(reasons_.size(), 1U);
    return reasons_.front();
  }

  // Steps until the client has seen the end of the stream; what came before
  // it. Fails the test when a reset comes instead.
  std::string ReceiveToEnd(Client& client) {
    StepAFewTimes();
    return client.ReceiveToEnd();
  }

  const std::shared_ptr<const Framing> framing_ =
      std::make_shared<LengthFraming>(kMaxPayload);
  Connection::Options options_;
  Connection::Release release_;
  std::optional<ConnectionDeadlines> deadlines_;
  std::map<const Connection*, std::shared_ptr<Connection>> connections_;
  std::string log_;
  std::string received_;
  std::vector<std::string> frames_;
  std::vector<CloseReason> reasons_;
  std::error_code error_;
  std::function<void(Connection&)> on_open_;
  std::function<void(Connection&, std::string_view)> on_frame_;
};

using Frames = std::vector<std::string>;

TEST_P(LifecycleTest, F10_SeveralFramesInOneSegmentAreShownOneByOne) {
  UseFrames();
  on_frame_ = [](Connection& connection, std::string_view payload) {
    connection.SendFrame(payload);
  };
  Pair pair = MakeTcpPair();
  Open(std::move(pair.near));
  const std::string sent =
      framing_->Encode("one") + framing_->Encode("") + framing_->Encode("3");
  pair.far.Send(sent);
  ASSERT_TRUE(StepUntil([&] { return frames_.size() == 3; }));
  EXPECT_EQ(frames_, (Frames{"one", "", "3"}));
  EXPECT_EQ(pair.far.Receive(sent.size()), sent);
}

TEST_P(LifecycleTest, F10_AFrameMayComeByteByByte) {
  UseFrames();
  Pair pair = MakeTcpPair();
  Open(std::move(pair.near));
  for (const char byte : framing_->Encode("abc") + framing_->Encode("d")) {
    pair.far.Send({&byte, 1});
    StepAFewTimes();
  }
  ASSERT_TRUE(StepUntil([&] { return frames_.size() == 2; }));
  EXPECT_EQ(frames_, (Frames{"abc", "d"}));
}

TEST_P(LifecycleTest, AFrameMayBeSentInPieces) {
  UseFrames();
  Pair pair = MakeUnixPair(4096);
  const auto connection = Open(std::move(pair.near));
  std::string expected;
  for (std::size_t i = 0; i < 500; ++i) {
    const std::string payload = Pattern(2 * i);
    connection->SendFrame(payload.substr(0, kMaxPayload));
    expected += framing_->Encode(payload.substr(0, kMaxPayload));
  }
  EXPECT_GT(connection->pending_output(), 0U);
  std::string got;
  ASSERT_TRUE(StepUntil([&] {
    got += pair.far.ReceiveSome();
    return got.size() >= expected.size();
  }));
  EXPECT_TRUE(got == expected);
}

TEST_P(LifecycleTest, AFrameThatCannotBeEndsTheConnectionAfterItsReplies) {
  UseFrames();
  on_frame_ = [](Connection& connection, std::string_view payload) {
    connection.SendFrame(payload);
  };
  Pair pair = MakeTcpPair();
  Open(std::move(pair.near));
  const std::string good = framing_->Encode("good");
  // Announces 2 GiB.
  pair.far.Send(good + std::string("\x7f\xff\xff\xff", 4) + Pattern(5000));
  EXPECT_EQ(ReceiveToEnd(pair.far), good) << "the reply was lost to a reset";
  EXPECT_LE(loop().buffers()->borrowed(), 2U);
  pair.far.Close();
  EXPECT_EQ(StepUntilClosed(), CloseReason::kMalformed);
  EXPECT_EQ(frames_.size(), 1U);
  EXPECT_EQ(Count("closed_malformed"), 1U);
}

TEST_P(LifecycleTest, PausingInACallbackStopsTheFrames) {
  UseFrames();
  on_frame_ = [](Connection& connection, std::string_view) {
    connection.PauseReading();
  };
  Pair pair = MakeTcpPair();
  const auto connection = Open(std::move(pair.near));
  pair.far.Send(framing_->Encode("a") + framing_->Encode("b") +
                framing_->Encode("c"));
  for (std::size_t shown = 1; shown <= 3; ++shown) {
    ASSERT_TRUE(StepUntil([&] { return frames_.size() == shown; }));
    StepAFewTimes();
    ASSERT_EQ(frames_.size(), shown);
    connection->ResumeReading();
    EXPECT_EQ(frames_.size(), shown) << "shown from within ResumeReading";
  }
  EXPECT_EQ(frames_, (Frames{"a", "b", "c"}));
}

TEST_P(LifecycleTest, ClosingInACallbackStopsTheFrames) {
  UseFrames();
  const std::function<void(Connection&)> ways[] = {
      [](Connection& connection) { connection.Close(); },
      [](Connection& connection) { connection.Shutdown(); },
      [](Connection& connection) { connection.Terminate(); }};
  for (const auto& close : ways) {
    frames_.clear();
    reasons_.clear();
    on_frame_ = [&](Connection& connection, std::string_view) {
      close(connection);
    };
    Pair pair = MakeTcpPair();
    Open(std::move(pair.near));
    pair.far.Send(framing_->Encode("a") + framing_->Encode("b"));
    ASSERT_TRUE(StepUntil([&] { return !frames_.empty(); }));
    StepAFewTimes();
    pair.far.Close();
    EXPECT_EQ(StepUntilClosed(), CloseReason::kLocal);
    EXPECT_EQ(frames_.size(), 1U);
  }
}

TEST_P(LifecycleTest, ResumingReadsWhatCameMeanwhile) {
  Pair pair = MakeTcpPair();
  const auto connection = Open(std::move(pair.near));
  for (int round = 1; round <= 3; ++round) {
    connection->PauseReading();
    connection->PauseReading();
    pair.far.Send("x");
    if (round == 3) pair.far.ShutdownWrite();
    StepFor(5ms);
    EXPECT_EQ(received_.size(), static_cast<std::size_t>(round - 1));
    EXPECT_TRUE(reasons_.empty());
    connection->ResumeReading();
    ASSERT_TRUE(StepUntil(
        [&] { return received_.size() == static_cast<std::size_t>(round); }));
  }
  EXPECT_EQ(StepUntilClosed(), CloseReason::kPeerClosed);
}

// What level triggering pays, it pays by contract: to be watched for nothing is
// not to be watched.
TEST_P(LifecycleTest, APauseCostsAnEdgeOneChange) {
  const auto count = [this](std::string_view name) -> std::uint64_t {
    for (const Counter& counter : loop().CounterList()) {
      if (counter.name == name) return counter.value;
    }
    return 0;
  };
  Pair pair = MakeTcpPair();
  const auto connection = Open(std::move(pair.near));
  StepAFewTimes();
  const std::uint64_t adds = count("adds");
  const std::uint64_t removes = count("removes");
  const std::uint64_t modifies = count("modifies");
  const std::uint64_t enters = count("uring_more_enters");
  constexpr std::uint64_t kPauses = 10;
  for (std::uint64_t i = 1; i <= kPauses; ++i) {
    connection->PauseReading();
    pair.far.Send("x");
    StepFor(1ms);
    connection->ResumeReading();
    ASSERT_TRUE(StepUntil([&] { return received_.size() == i; }));
  }
  if (edge()) {
    EXPECT_EQ(count("modifies") - modifies, kPauses);
    EXPECT_EQ(count("adds"), adds);
    EXPECT_EQ(count("removes"), removes);
    EXPECT_EQ(count("uring_more_enters"), enters);
  } else {
    EXPECT_EQ(count("modifies"), modifies);
    EXPECT_EQ(count("adds") - adds, kPauses);
    EXPECT_EQ(count("removes") - removes, kPauses);
  }
}

TEST_P(LifecycleTest, H05_WorkInFlightKeepsAHalfClosedConnectionOpen) {
  Pair pair = MakeTcpPair();
  const auto connection = Open(std::move(pair.near));
  connection->BeginWork();
  connection->BeginWork();
  pair.far.Send("question");
  pair.far.ShutdownWrite();
  StepFor(10ms);
  connection->Send("one ");
  connection->EndWork();
  StepFor(5ms);
  EXPECT_TRUE(reasons_.empty()) << "closed with work in flight";
  connection->Send("two");
  connection->EndWork();
  EXPECT_EQ(StepUntilClosed(), CloseReason::kPeerClosed);
  EXPECT_EQ(pair.far.ReceiveToEnd(), "one two");
}

TEST_P(LifecycleTest, WorkInFlightMayAnswerAfterShutdown) {
  Pair pair = MakeTcpPair();
  const auto connection = Open(std::move(pair.near));
  connection->BeginWork();
  connection->Shutdown();
  StepAFewTimes();
  EXPECT_TRUE(reasons_.empty());
  connection->Send("late");
  connection->EndWork();
  connection->Send("too late");
  EXPECT_EQ(ReceiveToEnd(pair.far), "late");
  pair.far.Close();
  EXPECT_EQ(StepUntilClosed(), CloseReason::kLocal);
}

TEST_P(LifecycleTest, F18_TheWorkOfABrokenConnectionIsDropped) {
  Pair pair = MakeTcpPair();
  const auto connection = Open(std::move(pair.near));
  connection->BeginWork();
  pair.far.Reset();
  EXPECT_EQ(StepUntilClosed(), CloseReason::kError);
  EXPECT_TRUE(error_);
  connection->Send("for nobody");
  connection->EndWork();
  StepAFewTimes();
  EXPECT_EQ(reasons_.size(), 1U);
}

TEST_P(LifecycleTest, AHalfCloseCanBeTheEnd) {
  options_.half_close = Connection::HalfClose::kAbort;
  Pair pair = MakeTcpPair();
  const auto connection = Open(std::move(pair.near));
  connection->BeginWork();
  pair.far.ShutdownWrite();
  EXPECT_EQ(StepUntilClosed(), CloseReason::kPeerClosed);
  connection->EndWork();
}

TEST_P(LifecycleTest, H03_TheLastReplyOutlivesUnreadInput) {
  Pair pair = MakeTcpPair();
  pair.far.Send(Pattern(10'000));
  on_open_ = [](Connection& connection) {
    connection.Send("go away");
    connection.Shutdown();
  };
  Open(std::move(pair.near));
  EXPECT_EQ(ReceiveToEnd(pair.far), "go away") << "lost to a reset";
  EXPECT_TRUE(reasons_.empty()) << "waits for the peer's end";
  pair.far.Close();
  EXPECT_EQ(StepUntilClosed(), CloseReason::kLocal);
  EXPECT_EQ(log_, "open close ") << "what comes while lingering is dropped";
}

TEST_P(LifecycleTest, H04_BothEndsHalfCloseAtOnce) {
  Pair pair = MakeTcpPair();
  const auto connection = Open(std::move(pair.near));
  pair.far.ShutdownWrite();
  connection->Shutdown();
  StepUntilClosed();
  EXPECT_EQ(pair.far.ReceiveToEnd(), "");
  EXPECT_EQ(log_, "open close ");
}

TEST_P(LifecycleTest, LingeringEndsWithItsTime) {
  options_.timeouts.linger = 30ms;
  Pair pair = MakeTcpPair();
  pair.far.Send("unread");
  const auto connection = Open(std::move(pair.near));
  const TimePoint start = loop().Now();
  connection->Shutdown();
  EXPECT_EQ(StepUntilClosed(), CloseReason::kLocal);
  EXPECT_GE(loop().Now() - start, 30ms);
}

TEST_P(LifecycleTest, LingeringDropsHoweverMuchComes) {
  options_.timeouts.linger = 1h;
  Pair pair = MakeUnixPair(1 << 20);
  pair.far.SendSome(Pattern(32 * kKiB));
  const auto connection = Open(std::move(pair.near));
  connection->Shutdown();
  for (int i = 0; i < 10; ++i) {
    StepAFewTimes();
    EXPECT_TRUE(reasons_.empty());
    pair.far.SendSome(Pattern(32 * kKiB));
  }
  pair.far.Close();
  EXPECT_EQ(StepUntilClosed(), CloseReason::kLocal);
}

TEST_P(LifecycleTest, LingeringAfterABadFrameEndsAfterSoManyBytes) {
  options_.timeouts.linger = 1h;
  UseFrames();
  on_frame_ = [](Connection&, std::string_view) {};
  Pair pair = MakeUnixPair(1 << 20);
  pair.far.Send("\x7f\xff\xff\xff");
  Open(std::move(pair.near));
  StepAFewTimes();
  pair.far.SendSome(Pattern(32 * kKiB));
  StepAFewTimes();
  EXPECT_TRUE(reasons_.empty());
  pair.far.SendSome(Pattern(64 * kKiB));
  EXPECT_EQ(StepUntilClosed(), CloseReason::kMalformed);
}

TEST_P(LifecycleTest, H06_TooMuchPendingOutputEndsTheConnection) {
  options_.high_water = 16 * kKiB;
  options_.low_water = 4 * kKiB;
  options_.max_output = 64 * kKiB;
  int told = 0;
  options_.callbacks.on_high_water = [&](Connection& connection) {
    EXPECT_GT(connection.pending_output(), options_.high_water);
    ++told;
  };
  Pair pair = MakeUnixPair(4096);
  const auto connection = Open(std::move(pair.near));
  connection->Send(Pattern(48 * kKiB));
  StepAFewTimes();
  EXPECT_TRUE(reasons_.empty());
  connection->Send(Pattern(8 * kKiB));
  EXPECT_EQ(told, 1) << "once for each time that it is exceeded";
  connection->Send(Pattern(64 * kKiB));
  EXPECT_TRUE(reasons_.empty()) << "on_close from within Send";
  EXPECT_EQ(StepUntilClosed(), CloseReason::kOutputLimit);
  EXPECT_EQ(Count("closed_output_limit"), 1U);
}

TEST_P(LifecycleTest, InputThatIsLeftForEverEndsTheConnection) {
  options_.max_input = 100 * kKiB;
  options_.callbacks.on_message = [](Connection&, Buffer&) {};
  Pair pair = MakeTcpPair();
  Open(std::move(pair.near));
  auto send_to = [&, sent = std::size_t{0}](std::size_t size) mutable {
    pair.far.Send(Pattern(size - sent));
    sent = size;
    return StepUntil([&] { return Count("bytes_read") == size; });
  };
  EXPECT_TRUE(send_to(100 * kKiB));
  StepAFewTimes();
  EXPECT_TRUE(reasons_.empty());
  EXPECT_TRUE(send_to(100 * kKiB + 1));
  EXPECT_EQ(StepUntilClosed(), CloseReason::kInputLimit);
  EXPECT_EQ(Count("closed_input_limit"), 1U);
}

TEST_P(LifecycleTest, WhatOtherThreadsHandOverIsBounded) {
  options_.max_handed_over = 100 * kKiB;
  Pair pair = MakeUnixPair(4096);
  const auto connection = Open(std::move(pair.near));
  const std::string piece = Pattern(10 * kKiB);
  const auto try_in_another_thread = [&] {
    std::size_t taken = 0;
    std::thread([&] {
      while (taken < 1000 && connection->TrySend(piece)) ++taken;
    }).join();
    return taken;
  };
  // The loop does not run meanwhile, then the peer does not read.
  EXPECT_EQ(try_in_another_thread(), 10U);
  StepAFewTimes();
  EXPECT_GT(connection->pending_output(), 0U);
  EXPECT_EQ(try_in_another_thread(), 0U);
  std::string got;
  ASSERT_TRUE(StepUntil([&] {
    got += pair.far.ReceiveSome();
    return got.size() == 10 * piece.size();
  }));
  StepAFewTimes();
  EXPECT_EQ(try_in_another_thread(), 10U) << "all is out, there is room again";
  EXPECT_TRUE(reasons_.empty());

  // Who does not ask is cut off, behind all that fitted.
  std::thread([&] {
    connection->Send("too much");
    connection->Send("and more");
  }).join();
  EXPECT_EQ(StepUntilClosed(), CloseReason::kOutputLimit);
  EXPECT_FALSE(connection->TrySend("x")) << "closed";
}

TEST_P(LifecycleTest, TrySendInTheLoopsThreadKeepsToMaxOutput) {
  options_.max_output = 64 * kKiB;
  Pair pair = MakeUnixPair(4096);
  const auto connection = Open(std::move(pair.near));
  while (connection->TrySend(Pattern(kKiB))) {
  }
  EXPECT_GT(connection->pending_output(), 63 * kKiB - 1);
  StepAFewTimes();
  EXPECT_TRUE(reasons_.empty());
}

TEST_P(LifecycleTest, ACallbackThatThrowsEndsItsConnectionAlone) {
  constexpr const char* kCallbacks[] = {"on_open",       "on_message",
                                        "on_frame",      "on_send_complete",
                                        "on_high_water", "resumed"};
  int told = 0;
  loop().SetOnException([&](std::exception_ptr) { ++told; });
  const Connection::Options quiet = options_;
  for (const std::string callback : kCallbacks) {
    SCOPED_TRACE(callback);
    told = 0;
    reasons_.clear();
    received_.clear();
    on_open_ = nullptr;
    options_ = quiet;
    Pair bystander = MakeTcpPair();
    const auto other = std::make_shared<Connection>(
        &loop(), std::move(bystander.near), InetAddress(), &quiet, &release_);
    connections_[other.get()] = other;
    ASSERT_FALSE(other->Establish());

    const auto fail = [](auto&&...) { throw std::runtime_error("thrown"); };
    ConnectionCallbacks& callbacks = options_.callbacks;
    if (callback == "on_open") on_open_ = fail;
    if (callback == "on_message") callbacks.on_message = fail;
    if (callback == "on_frame") {
      UseFrames();
      callbacks.on_frame = fail;
    }
    if (callback == "on_send_complete") callbacks.on_send_complete = fail;
    if (callback == "on_high_water") callbacks.on_high_water = fail;
    if (callback == "resumed") {
      callbacks.on_message = [](Connection& connection, Buffer&) {
        connection.PauseReading();
        connection.loop()->QueueInLoop(
            [kept = connection.shared_from_this()] { kept->ResumeReading(); });
      };
    }
    Pair pair = MakeUnixPair(4096);
    const auto connection = Open(std::move(pair.near));
    if (callback == "on_send_complete") connection->Send("x");
    if (callback == "on_high_water") {
      connection->Send(Pattern(2 * kKiB * kKiB));
      EXPECT_EQ(told, 1) << "and the caller of Send is spared";
    }
    pair.far.SendSome(framing_->Encode("a") + framing_->Encode("b"));
    if (callback == "resumed") {
      Step();
      callbacks.on_message = fail;
    }
    EXPECT_EQ(StepUntilClosed(), CloseReason::kException);
    EXPECT_EQ(told, 1);

    bystander.far.Send("served on");
    EXPECT_TRUE(StepUntil([&] { return received_.ends_with("served on"); }));
    other->Close();
    StepAFewTimes();
  }
  EXPECT_EQ(Count("closed_exception"), std::size(kCallbacks));
  EXPECT_EQ(Count("exceptions"), std::size(kCallbacks));
}

TEST_P(LifecycleTest, WhatOnCloseThrowsIsTold) {
  int told = 0;
  loop().SetOnException([&](std::exception_ptr) { ++told; });
  options_.callbacks.on_close = [](auto&&...) { throw 1; };
  Pair pair = MakeTcpPair();
  Open(std::move(pair.near));
  pair.far.Close();
  ASSERT_TRUE(StepUntil([&] { return connections_.empty(); }));
  EXPECT_EQ(told, 1);
}

TEST_P(LifecycleTest, F12_SendCompleteOnceForEachTimeTheOutputHasDrained) {
  int complete = 0;
  options_.callbacks.on_send_complete = [&](Connection& connection) {
    EXPECT_EQ(connection.pending_output(), 0U);
    ++complete;
  };
  Pair pair = MakeUnixPair(4096);
  const auto connection = Open(std::move(pair.near));
  for (int round = 1; round <= 3; ++round) {
    connection->Send(Pattern(kPending));
    ASSERT_GT(connection->pending_output(), 0U);
    StepAFewTimes();
    EXPECT_EQ(complete, round - 1) << "told with bytes still here";
    std::size_t got = 0;
    ASSERT_TRUE(StepUntil([&] {
      got += pair.far.ReceiveSome().size();
      return got == kPending;
    }));
    ASSERT_TRUE(StepUntil([&] { return complete == round; }));
    StepAFewTimes();
    EXPECT_EQ(complete, round);
  }
}

TEST_P(LifecycleTest, F12_SendsThatAreTakenAtOnceCompleteOnceAnIteration) {
  int complete = 0;
  bool again = true;
  options_.callbacks.on_send_complete = [&](Connection& connection) {
    ++complete;
    if (std::exchange(again, false)) connection.Send("c");
  };
  Pair pair = MakeTcpPair();
  const auto connection = Open(std::move(pair.near));
  connection->Send("a");
  connection->Send("b");
  EXPECT_EQ(complete, 0) << "from within Send";
  StepAFewTimes();
  EXPECT_EQ(complete, 2);
  EXPECT_EQ(pair.far.Receive(3), "abc");
}

TEST_P(LifecycleTest, SilenceFromTheBeginningIsNotWaitedFor) {
  options_.timeouts.first_byte = 40ms;
  Pair silent = MakeTcpPair();
  Pair talker = MakeTcpPair();
  talker.far.Send("x");
  const TimePoint start = loop().Now();
  Open(std::move(silent.near));
  Open(std::move(talker.near));
  EXPECT_EQ(StepUntilClosed(), CloseReason::kFirstByteTimeout);
  EXPECT_GE(loop().Now() - start, 40ms);
  StepFor(60ms);
  EXPECT_EQ(reasons_.size(), 1U) << "the one that has spoken";
  EXPECT_EQ(Count("closed_first_byte"), 1U);
}

TEST_P(LifecycleTest, H07_ADripDoesNotProlongAFrame) {
  UseFrames();
  options_.timeouts.frame = 60ms;
  Pair pair = MakeTcpPair();
  Open(std::move(pair.near));
  // Whole frames take no time, however many.
  for (int i = 0; i < 3; ++i) {
    pair.far.Send(framing_->Encode("whole"));
    StepFor(30ms);
  }
  ASSERT_TRUE(reasons_.empty());
  ASSERT_EQ(frames_.size(), 3U);
  const TimePoint start = loop().Now();
  const std::string frame = framing_->Encode(Pattern(kMaxPayload));
  for (std::size_t i = 0; i < frame.size() && reasons_.empty(); ++i) {
    pair.far.SendSome({&frame[i], 1});
    StepFor(2ms);
  }
  EXPECT_EQ(StepUntilClosed(), CloseReason::kFrameTimeout);
  EXPECT_GE(loop().Now() - start, 60ms);
  EXPECT_EQ(Count("closed_frame_timeout"), 1U);
}

TEST_P(LifecycleTest, APauseIsNotThePeersDelay) {
  UseFrames();
  options_.timeouts.frame = 100ms;
  options_.timeouts.idle = 100ms;
  Pair pair = MakeTcpPair();
  const auto connection = Open(std::move(pair.near));
  const std::string frame = framing_->Encode("whole");
  pair.far.Send(frame.substr(0, 6));
  ASSERT_TRUE(StepUntil([&] { return Count("bytes_read") == 6; }));
  connection->PauseReading();
  pair.far.Send(frame.substr(6));
  StepFor(130ms);
  EXPECT_TRUE(reasons_.empty());
  connection->ResumeReading();
  EXPECT_TRUE(StepUntil([&] { return !frames_.empty(); }));
}

// Nor is a pause that ends before the time-out would have.
TEST_P(LifecycleTest, APauseStopsTheDeadlines) {
  UseFrames();
  options_.timeouts.first_byte = 150ms;
  options_.timeouts.frame = 150ms;
  Pair silent = MakeTcpPair();
  Pair slow = MakeTcpPair();
  const auto silents = Open(std::move(silent.near));
  const auto slows = Open(std::move(slow.near));
  const std::string frame = framing_->Encode("whole");
  slow.far.Send(frame.substr(0, 6));
  ASSERT_TRUE(StepUntil([&] { return Count("bytes_read") == 6; }));
  for (const auto& connection : {silents, slows}) connection->PauseReading();
  StepFor(145ms);
  for (const auto& connection : {silents, slows}) connection->ResumeReading();
  StepFor(30ms);
  EXPECT_TRUE(reasons_.empty());
  EXPECT_TRUE(StepUntil([&] { return reasons_.size() == 2; }))
      << "they begin anew";
  EXPECT_EQ(Count("closed_first_byte"), 1U);
  EXPECT_EQ(Count("closed_frame_timeout"), 1U);
}

TEST_P(LifecycleTest, F26_ADripIsIdle) {
  UseFrames();
  options_.timeouts.idle = 60ms;
  Pair pair = MakeTcpPair();
  const TimePoint start = loop().Now();
  Open(std::move(pair.near));
  const std::string frame = framing_->Encode(Pattern(kMaxPayload));
  for (std::size_t i = 0; i < frame.size() && reasons_.empty(); ++i) {
    pair.far.SendSome({&frame[i], 1});
    StepFor(2ms);
  }
  EXPECT_EQ(StepUntilClosed(), CloseReason::kIdle);
  EXPECT_GE(loop().Now() - start, 60ms);
  EXPECT_EQ(Count("closed_idle"), 1U);
}

TEST_P(LifecycleTest, F25_AnActiveConnectionIsNeverIdle) {
  options_.timeouts.idle = 400ms;
  Pair active = MakeTcpPair();
  Pair idle = MakeTcpPair();
  Open(std::move(active.near));
  const auto quiet = Open(std::move(idle.near));
  const TimePoint end = loop().Now() + 1s;
  while (loop().Now() < end) {
    active.far.Send("x");
    StepFor(5ms);
  }
  EXPECT_EQ(reasons_, std::vector{CloseReason::kIdle});
  EXPECT_TRUE(quiet->closed()) << "the active one was closed instead";
}

TEST_P(LifecycleTest, WorkInFlightIsNotIdle) {
  options_.timeouts.idle = 20ms;
  Pair pair = MakeTcpPair();
  const auto connection = Open(std::move(pair.near));
  connection->BeginWork();
  StepFor(80ms);
  EXPECT_TRUE(reasons_.empty());
  connection->EndWork();
  EXPECT_EQ(StepUntilClosed(), CloseReason::kIdle);
}

TEST_P(LifecycleTest, OutputThatNobodyTakesEndsTheConnection) {
  options_.timeouts.write = 60ms;
  Pair pair = MakeUnixPair(4096);
  const auto connection = Open(std::move(pair.near));
  // Nothing is pending, nothing is late.
  StepFor(100ms);
  ASSERT_TRUE(reasons_.empty());
  const TimePoint start = loop().Now();
  connection->Send(Pattern(kPending));
  EXPECT_EQ(StepUntilClosed(), CloseReason::kWriteTimeout);
  EXPECT_GE(loop().Now() - start, 60ms);
  EXPECT_EQ(Count("closed_write_timeout"), 1U);
}

TEST_P(LifecycleTest, TheCallbacksKeepTheirOrder) {
  UseFrames();
  options_.callbacks.on_send_complete = [this](Connection&) {
    log_ += "complete ";
  };
  on_frame_ = [this](Connection& connection, std::string_view payload) {
    log_ += "frame ";
    connection.SendFrame(payload);
  };
  Pair pair = MakeTcpPair();
  Open(std::move(pair.near));
  pair.far.Send(framing_->Encode("x"));
  ASSERT_TRUE(StepUntil([&] { return log_.ends_with("complete "); }));
  pair.far.Receive(framing_->Encode("x").size());
  pair.far.Close();
  EXPECT_EQ(StepUntilClosed(), CloseReason::kPeerClosed);
  EXPECT_EQ(log_, "open frame complete close ");
}

INSTANTIATE_TEST_SUITE_P(Backends, LifecycleTest, EveryBackend(), BackendOf);

}  // namespace
}  // namespace polymux
