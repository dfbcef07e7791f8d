#include "reactor/connection.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "tests/reactor/support.h"

// Groups C and H of docs/conformance.md, on connections whose other ends the
// test holds itself and whose loop it runs step by step.

namespace polymux {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
// Far more than the buffers between the two ends take.
constexpr std::size_t kLarge = 8 * kMiB;
// The same for a Unix pair with the smallest buffers, below and above the
// high-water mark.
constexpr std::size_t kPending = 400'000;
constexpr std::size_t kPaused = 2 * kMiB;

struct Closing {
  const Connection* connection;
  CloseReason reason;
  std::error_code error;
};

class ConnectionTest : public LoopTest {
 protected:
  ConnectionTest() {
    options_.callbacks.on_open = [this](Connection& connection) {
      ++opened_;
      if (on_open_) on_open_(connection);
    };
    options_.callbacks.on_message = [this](Connection& connection,
                                           Buffer& input) {
      EXPECT_TRUE(loop().IsInLoopThread());
      EXPECT_TRUE(closings_.empty() ||
                  closings_.back().connection != &connection)
          << "on_message after on_close";
      on_message_(connection, input);
    };
    options_.callbacks.on_close = [this](Connection& connection,
                                         CloseReason reason,
                                         std::error_code error) {
      EXPECT_TRUE(connection.closed());
      closings_.push_back({&connection, reason, error});
      if (on_close_) on_close_(connection);
    };
    on_message_ = [this](Connection&, Buffer& input) {
      received_ += input.view();
      input.Clear();
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
    LoopTest::TearDown();
  }

  std::shared_ptr<Connection> Open(Socket socket) {
    auto connection = std::make_shared<Connection>(
        &loop(), std::move(socket), InetAddress(), &options_, &release_);
    connections_[connection.get()] = connection;
    EXPECT_FALSE(connection->Establish());
    return connection;
  }

  // What on_message shall do instead of keeping all in received_.
  void EchoMessages() {
    on_message_ = [](Connection& connection, Buffer& input) {
      connection.Send(input.view());
      input.Clear();
    };
  }

  // Steps the loop until `count` bytes have come to the client.
  std::string ReceiveAll(Client& client, std::size_t count) {
    std::string bytes;
    EXPECT_TRUE(StepUntil([&] {
      bytes += client.ReceiveSome();
      return bytes.size() >= count;
    })) << "got "
        << bytes.size() << " of " << count << " bytes";
    return bytes;
  }

  // Sends `bytes` while the loop is stepped.
  void SendAll(Client& client, std::string_view bytes) {
    EXPECT_TRUE(StepUntil([&] {
      bytes.remove_prefix(client.SendSome(bytes));
      return bytes.empty();
    }));
  }

  // Steps until there is a first on_close, and a few times more for a second.
  void StepUntilClosed() {
    EXPECT_TRUE(StepUntil([&] { return !closings_.empty(); }));
    for (int i = 0; i < 5; ++i) Step();
  }

  // What ended the only connection; fails the test unless it was closed once.
  Closing OnlyClosing() {
    EXPECT_EQ(closings_.size(), 1U);
    return closings_.empty() ? Closing{} : closings_.front();
  }

  Connection::Options options_;
  Connection::Release release_;
  std::map<const Connection*, std::shared_ptr<Connection>> connections_;
  int opened_ = 0;
  std::string received_;
  std::vector<Closing> closings_;
  std::function<void(Connection&)> on_open_;
  std::function<void(Connection&, Buffer&)> on_message_;
  std::function<void(Connection&)> on_close_;
};

TEST_P(ConnectionTest, TwoPhasesThenOnOpen) {
  Pair pair = MakeTcpPair();
  const auto connection = std::make_shared<Connection>(
      &loop(), std::move(pair.near), InetAddress(), &options_, &release_);
  pair.far.Send("early");
  for (int i = 0; i < 3; ++i) Step();
  EXPECT_EQ(opened_, 0);
  EXPECT_EQ(received_, "");
  connections_[connection.get()] = connection;
  ASSERT_FALSE(connection->Establish());
  EXPECT_EQ(opened_, 1);
  EXPECT_EQ(Count("opened"), 1U);
  EXPECT_FALSE(connection->closed());
  EXPECT_EQ(connection->loop(), &loop());
  EXPECT_TRUE(StepUntil([&] { return received_ == "early"; }));
}

TEST_P(ConnectionTest, H14_ConnectThenSendBurst) {
  Pair pair = MakeTcpPair();
  const std::string burst = Pattern(100'000);
  pair.far.Send(burst);
  Open(std::move(pair.near));
  EXPECT_TRUE(StepUntil([&] { return received_.size() == burst.size(); }));
  EXPECT_TRUE(received_ == burst);
}

TEST_P(ConnectionTest, H01_PingPong) {
  Pair pair = MakeTcpPair();
  EchoMessages();
  Open(std::move(pair.near));
  for (const std::size_t size :
       {1U, 2U, 100U, 4096U, 65'528U, 65'536U, 200'000U}) {
    const std::string message = Pattern(size);
    SendAll(pair.far, message);
    EXPECT_TRUE(ReceiveAll(pair.far, size) == message) << size;
  }
}

TEST_P(ConnectionTest, H01_WriteALotBothWays) {
  Pair pair = MakeTcpPair();
  EchoMessages();
  Open(std::move(pair.near));
  const std::string sent = Pattern(16 * kMiB);
  std::string echoed;
  std::string_view rest = sent;
  ASSERT_TRUE(StepUntil([&] {
    rest.remove_prefix(pair.far.SendSome(rest));
    echoed += pair.far.ReceiveSome();
    return echoed.size() >= sent.size();
  })) << "stalled after "
      << echoed.size() << " bytes";
  EXPECT_TRUE(echoed == sent);
  EXPECT_EQ(Count("bytes_read"), sent.size());
  EXPECT_EQ(Count("bytes_written"), sent.size());
}

TEST_P(ConnectionTest, H02_WriteQueueOrder) {
  Pair pair = MakeUnixPair(4096);
  const auto connection = Open(std::move(pair.near));
  const std::string bytes = Pattern(kMiB);
  std::string_view rest = bytes;
  for (std::size_t size = 1; !rest.empty(); size = size * 3 % 10'007) {
    connection->Send(rest.substr(0, size));
    rest.remove_prefix(std::min(size, rest.size()));
  }
  EXPECT_GT(connection->pending_output(), 0U);
  EXPECT_TRUE(ReceiveAll(pair.far, bytes.size()) == bytes);
  EXPECT_EQ(connection->pending_output(), 0U);
  EXPECT_GT(Count("short_writes") + Count("eagain_writes"), 0U);
}

TEST_P(ConnectionTest, C29_WriteEdgeAfterPartial) {
  Pair pair = MakeUnixPair(4096);
  const auto connection = Open(std::move(pair.near));
  Step();
  // Several times: each fills the socket anew.
  for (int i = 0; i < 5; ++i) {
    const std::string bytes = Pattern(300'000);
    connection->Send(bytes);
    EXPECT_GT(connection->pending_output(), 0U);
    for (int j = 0; j < 3; ++j) Step();
    ASSERT_TRUE(ReceiveAll(pair.far, bytes.size()) == bytes);
  }
  for (int j = 0; j < 3; ++j) Step();
  // Write interest while output is pending, or always: see the class comment.
  EXPECT_EQ(Count("modifies"), edge() ? 0U : 10U);
}

TEST_P(ConnectionTest, SendGoesOutDirectly) {
  Pair pair = MakeTcpPair();
  const auto connection = Open(std::move(pair.near));
  connection->Send("at once");
  EXPECT_EQ(connection->pending_output(), 0U);
  EXPECT_EQ(pair.far.Receive(7), "at once");
}

TEST_P(ConnectionTest, AnEmptySendDoesNothing) {
  Pair pair = MakeTcpPair();
  const auto connection = Open(std::move(pair.near));
  connection->Send("");
  EXPECT_EQ(Count("writes"), 0U);
  EXPECT_TRUE(closings_.empty());
}

TEST_P(ConnectionTest, WhatIsNotConsumedIsShownAgain) {
  Pair pair = MakeTcpPair();
  std::vector<std::string> seen;
  on_message_ = [&](Connection&, Buffer& input) {
    seen.emplace_back(input.view());
    if (input.size() >= 4) input.Consume(4);
  };
  Open(std::move(pair.near));
  pair.far.Send("abc");
  ASSERT_TRUE(StepUntil([&] { return seen.size() == 1; }));
  pair.far.Send("def");
  ASSERT_TRUE(StepUntil([&] { return seen.size() == 2; }));
  pair.far.Send("g");
  ASSERT_TRUE(StepUntil([&] { return seen.size() == 3; }));
  EXPECT_EQ(seen, (std::vector<std::string>{"abc", "abcdef", "efg"}));
}

TEST_P(ConnectionTest, AQuietConnectionOwnsNoBufferMemory) {
  Pair pair = MakeTcpPair();
  EchoMessages();
  Open(std::move(pair.near));
  EXPECT_EQ(loop().buffers()->borrowed(), 0U);
  pair.far.Send("x");
  EXPECT_EQ(ReceiveAll(pair.far, 1), "x");
  EXPECT_EQ(loop().buffers()->borrowed(), 0U);
}

TEST_P(ConnectionTest, C07_BudgetRequeue) {
  options_.read_budget = 64 * 1024;
  const std::string flood = Pattern(10 * kMiB);
  std::size_t flooded = 0;
  std::vector<std::size_t> flooded_at_ping;
  on_message_ = [&](Connection& connection, Buffer& input) {
    if (input.view() == "ping") {
      flooded_at_ping.push_back(flooded);
      connection.Send("pong");
    } else {
      flooded += input.size();
      received_ += input.view();
    }
    input.Clear();
  };
  Pair greedy = MakeTcpPair();
  Pair polite = MakeTcpPair();
  Open(std::move(greedy.near));
  Open(std::move(polite.near));
  // As much as fits lies ready before the loop first looks.
  std::string_view rest = flood;
  rest.remove_prefix(greedy.far.SendSome(rest));
  ASSERT_GT(flood.size() - rest.size(), 4 * options_.read_budget);
  polite.far.Send("ping");
  ASSERT_TRUE(StepUntil([&] { return !flooded_at_ping.empty(); }));
  EXPECT_LE(flooded_at_ping[0], 2 * options_.read_budget)
      << "the flood was served to its end first";

  // And the flood is received to its end, also what lies there silently.
  ASSERT_TRUE(StepUntil([&] {
    rest.remove_prefix(greedy.far.SendSome(rest));
    return rest.empty();
  }));
  ASSERT_TRUE(StepUntil([&] { return flooded == flood.size(); }))
      << "stalled after " << flooded << " of " << flood.size() << " bytes";
  EXPECT_TRUE(received_ == flood);
  EXPECT_EQ(Count("requeues") > 0, edge());
}

TEST_P(ConnectionTest, C07_TheEndAfterABudgetIsSeen) {
  // Data for many budgets and the end behind it lie ready in one event. A Unix
  // stream, since TCP would keep the FIN back until its window opens.
  options_.read_budget = 4096;
  Pair pair = MakeUnixPair(1 << 20);
  const std::string bytes = Pattern(300'000);
  ASSERT_EQ(pair.far.SendSome(bytes), bytes.size());
  pair.far.ShutdownWrite();
  Open(std::move(pair.near));
  StepUntilClosed();
  EXPECT_TRUE(received_ == bytes) << "received " << received_.size();
  EXPECT_EQ(OnlyClosing().reason, CloseReason::kPeerClosed);
}

TEST_P(ConnectionTest, C24_DataPlusFin) {
  for (const std::size_t size :
       {std::size_t{1}, Buffer::kReadSize - 1, Buffer::kReadSize,
        Buffer::kReadSize + 1, std::size_t{300'000}}) {
    SCOPED_TRACE(size);
    for (const bool tcp : {true, false}) {
      received_.clear();
      closings_.clear();
      Pair pair = tcp ? MakeTcpPair() : MakeUnixPair(1 << 20);
      const std::string bytes = Pattern(size);
      ASSERT_EQ(pair.far.SendSome(bytes), size);
      pair.far.ShutdownWrite();
      Open(std::move(pair.near));
      StepUntilClosed();
      EXPECT_TRUE(received_ == bytes)
          << "received " << received_.size() << " bytes";
      EXPECT_EQ(OnlyClosing().reason, CloseReason::kPeerClosed);
      EXPECT_FALSE(OnlyClosing().error);
      if (HasFailure()) return;
    }
  }
}

TEST_P(ConnectionTest, C24_FinWhileWatched) {
  Pair pair = MakeTcpPair();
  Open(std::move(pair.near));
  for (int i = 0; i < 3; ++i) Step();
  pair.far.Send("data");
  pair.far.Close();
  StepUntilClosed();
  EXPECT_EQ(received_, "data");
  EXPECT_EQ(OnlyClosing().reason, CloseReason::kPeerClosed);
}

TEST_P(ConnectionTest, C24_FinAlone) {
  Pair pair = MakeTcpPair();
  Open(std::move(pair.near));
  pair.far.Send("data");
  ASSERT_TRUE(StepUntil([&] { return received_ == "data"; }));
  for (int i = 0; i < 3; ++i) Step();
  EXPECT_TRUE(closings_.empty());
  pair.far.ShutdownWrite();
  StepUntilClosed();
  EXPECT_EQ(OnlyClosing().reason, CloseReason::kPeerClosed);
  EXPECT_TRUE(pair.far.SeesTheEnd());
}

TEST_P(ConnectionTest, C27_InAndOutOfTheSameEdge) {
  Pair pair = MakeUnixPair(4096);
  const auto connection = Open(std::move(pair.near));
  const std::string bytes = Pattern(200'000);
  connection->Send(bytes);
  for (int i = 0; i < 3; ++i) Step();
  ASSERT_GT(connection->pending_output(), 0U);
  // Room to write and something to read, both before the loop looks again.
  std::string got = pair.far.ReceiveSome();
  pair.far.Send("request");
  EXPECT_TRUE(StepUntil([&] { return received_ == "request"; }));
  got += ReceiveAll(pair.far, bytes.size() - got.size());
  EXPECT_TRUE(got == bytes) << "the write edge was lost";
}

TEST_P(ConnectionTest, H03_ShutdownAfterWrite) {
  Pair pair = MakeTcpPair();
  const auto connection = Open(std::move(pair.near));
  const std::string bytes = Pattern(kLarge);
  connection->Send(bytes);
  connection->Shutdown();
  connection->Send("dropped");
  EXPECT_GT(connection->pending_output(), 0U);
  EXPECT_TRUE(closings_.empty());
  EXPECT_TRUE(ReceiveAll(pair.far, bytes.size()) == bytes);
  StepUntilClosed();
  EXPECT_EQ(OnlyClosing().reason, CloseReason::kLocal);
  EXPECT_FALSE(OnlyClosing().error);
  EXPECT_EQ(pair.far.ReceiveToEnd(), "") << "not a FIN after the last byte";
}

TEST_P(ConnectionTest, H03_ShutdownWithNothingToSend) {
  Pair pair = MakeTcpPair();
  const auto connection = Open(std::move(pair.near));
  connection->Shutdown();
  EXPECT_TRUE(closings_.empty()) << "on_close from within Shutdown";
  StepUntilClosed();
  EXPECT_EQ(OnlyClosing().reason, CloseReason::kLocal);
  EXPECT_EQ(pair.far.ReceiveToEnd(), "");
}

TEST_P(ConnectionTest, H04_ShutdownSimultaneous) {
  Pair pair = MakeTcpPair();
  const auto connection = Open(std::move(pair.near));
  pair.far.ShutdownWrite();
  connection->Shutdown();
  StepUntilClosed();
  OnlyClosing();
  EXPECT_TRUE(pair.far.SeesTheEnd());
}

TEST_P(ConnectionTest, H04_ShutdownSimultaneousWithOutputPending) {
  Pair pair = MakeTcpPair();
  const auto connection = Open(std::move(pair.near));
  const std::string bytes = Pattern(kLarge);
  connection->Send(bytes);
  pair.far.ShutdownWrite();
  Step();
  connection->Shutdown();
  EXPECT_TRUE(ReceiveAll(pair.far, bytes.size()) == bytes);
  StepUntilClosed();
  OnlyClosing();
}

TEST_P(ConnectionTest, H05_HalfCloseReply) {
  // At once; with output pending; with so much that reading had paused.
  for (const std::size_t size : {std::size_t{5}, kPending, kPaused}) {
    SCOPED_TRACE(size);
    closings_.clear();
    const std::string reply = Pattern(size);
    on_message_ = [&](Connection& connection, Buffer& input) {
      input.Clear();
      connection.Send(reply);
    };
    Pair pair = MakeUnixPair(4096);
    Open(std::move(pair.near));
    pair.far.Send("request");
    pair.far.ShutdownWrite();
    // The loop sees the end of input before the client takes a byte.
    for (int i = 0; i < 5; ++i) Step();
    EXPECT_EQ(closings_.empty(), size > 5);
    EXPECT_TRUE(ReceiveAll(pair.far, size) == reply);
    StepUntilClosed();
    EXPECT_EQ(OnlyClosing().reason, CloseReason::kPeerClosed);
    EXPECT_EQ(pair.far.ReceiveToEnd(), "");
  }
}

TEST_P(ConnectionTest, H05_HalfCloseReplyOverTcp) {
  const std::string reply = Pattern(kLarge);
  on_message_ = [&](Connection& connection, Buffer& input) {
    input.Clear();
    connection.Send(reply);
  };
  Pair pair = MakeTcpPair();
  Open(std::move(pair.near));
  pair.far.Send("request");
  pair.far.ShutdownWrite();
  EXPECT_TRUE(ReceiveAll(pair.far, kLarge) == reply);
  StepUntilClosed();
  EXPECT_EQ(OnlyClosing().reason, CloseReason::kPeerClosed);
  EXPECT_EQ(pair.far.ReceiveToEnd(), "");
}

TEST_P(ConnectionTest, H05_AHalfClosedConnectionDoesNotSpin) {
  for (const std::size_t size : {kPending, kPaused}) {
    SCOPED_TRACE(size);
    Pair pair = MakeUnixPair(4096);
    const auto connection = Open(std::move(pair.near));
    connection->Send(Pattern(size));
    pair.far.ShutdownWrite();
    for (int i = 0; i < 5; ++i) Step();
    // The end of input stays readable, yet there is nothing to do about it.
    const std::uint64_t waits = Count("waits");
    loop().RunAfter(std::chrono::milliseconds(50), [this] { loop().Quit(); });
    Run();
    EXPECT_LE(Count("waits") - waits, 10U);
    EXPECT_FALSE(connection->closed());
    connection->Terminate();
  }
}

TEST_P(ConnectionTest, H05_RepliesMayFollowTheHalfClose) {
  for (const std::size_t size : {kPending, kPaused}) {
    SCOPED_TRACE(size);
    closings_.clear();
    Pair pair = MakeUnixPair(4096);
    const auto connection = Open(std::move(pair.near));
    const std::string first = Pattern(size);
    connection->Send(first);
    pair.far.ShutdownWrite();
    for (int i = 0; i < 5; ++i) Step();
    ASSERT_FALSE(connection->closed());
    connection->Send("and more");
    EXPECT_TRUE(ReceiveAll(pair.far, size + 8) == first + "and more");
    StepUntilClosed();
    EXPECT_EQ(OnlyClosing().reason, CloseReason::kPeerClosed);
  }
}

TEST_P(ConnectionTest, PauseReadingLeavesTheRestWhereItIs) {
  Pair pair = MakeTcpPair();
  const auto connection = Open(std::move(pair.near));
  on_message_ = [this](Connection& paused, Buffer& input) {
    received_ += input.view().substr(0, 1);
    input.Consume(1);
    paused.PauseReading();
  };
  pair.far.Send("abc");
  ASSERT_TRUE(StepUntil([&] { return received_ == "a"; }));
  pair.far.Send("d");
  for (int i = 0; i < 10; ++i) Step();
  EXPECT_EQ(received_, "a");
  const std::uint64_t events = Count("events");
  for (int i = 0; i < 10; ++i) Step();
  EXPECT_EQ(Count("events"), events) << "a paused connection spins";

  // What is left in the input comes first, without any new bytes.
  connection->ResumeReading();
  Step();
  EXPECT_EQ(received_, "ab");
  on_message_ = [this](Connection&, Buffer& input) {
    received_ += input.view();
    input.Clear();
  };
  connection->ResumeReading();
  EXPECT_EQ(received_, "ab") << "called from within ResumeReading";
  EXPECT_TRUE(StepUntil([&] { return received_ == "abcd"; }));
  pair.far.Send("e");
  EXPECT_TRUE(StepUntil([&] { return received_ == "abcde"; }));
}

TEST_P(ConnectionTest, PauseReadingSeesTheEndAfterwards) {
  for (const bool reset : {false, true}) {
    SCOPED_TRACE(reset);
    closings_.clear();
    Pair pair = MakeTcpPair();
    const auto connection = Open(std::move(pair.near));
    Step();
    connection->PauseReading();
    connection->PauseReading();
    pair.far.Send("last");
    if (reset) {
      pair.far.Reset();
    } else {
      pair.far.Close();
    }
    for (int i = 0; i < 10; ++i) Step();
    connection->ResumeReading();
    StepUntilClosed();
    EXPECT_TRUE(connection->closed());
  }
}

TEST_P(ConnectionTest, PauseReadingBesideTheHighWaterMark) {
  // Either alone keeps reading off.
  options_.high_water = 1000;
  options_.low_water = 100;
  Pair pair = MakeUnixPair(4096);
  const auto connection = Open(std::move(pair.near));
  connection->Send(Pattern(kPending));
  connection->PauseReading();
  pair.far.Send("x");
  connection->ResumeReading();
  for (int i = 0; i < 10; ++i) Step();
  EXPECT_EQ(received_, "") << "above the high-water mark";
  connection->PauseReading();
  ReceiveAll(pair.far, kPending);
  for (int i = 0; i < 10; ++i) Step();
  EXPECT_EQ(received_, "") << "paused";
  connection->ResumeReading();
  EXPECT_TRUE(StepUntil([&] { return received_ == "x"; }));
}

TEST_P(ConnectionTest, WorkKeepsADrainingConnectionOpen) {
  for (const bool by_peer : {true, false}) {
    SCOPED_TRACE(by_peer);
    closings_.clear();
    Pair pair = MakeTcpPair();
    const auto connection = Open(std::move(pair.near));
    connection->BeginWork();
    connection->BeginWork();
    if (by_peer) {
      pair.far.ShutdownWrite();
    } else {
      connection->Shutdown();
    }
    for (int i = 0; i < 10; ++i) Step();
    EXPECT_TRUE(closings_.empty());
    EXPECT_TRUE(connection->accepts_output());
    connection->Send("one");
    connection->EndWork();
    EXPECT_EQ(ReceiveAll(pair.far, 3), "one");
    for (int i = 0; i < 10; ++i) Step();
    EXPECT_TRUE(closings_.empty());
    connection->Send("two");
    connection->EndWork();
    StepUntilClosed();
    EXPECT_EQ(closings_.back().reason,
              by_peer ? CloseReason::kPeerClosed : CloseReason::kLocal);
    EXPECT_EQ(connection->broken(), by_peer);
    EXPECT_EQ(pair.far.ReceiveToEnd(), "two");
  }
}

TEST_P(ConnectionTest, WorkWithOutputPendingAtTheEnd) {
  Pair pair = MakeUnixPair(4096);
  const auto connection = Open(std::move(pair.near));
  connection->BeginWork();
  connection->Shutdown();
  connection->Send(Pattern(kPending));
  connection->EndWork();
  EXPECT_TRUE(ReceiveAll(pair.far, kPending) == Pattern(kPending));
  StepUntilClosed();
}

TEST_P(ConnectionTest, WorkKeepsNoConnectionFromClose) {
  Pair pair = MakeTcpPair();
  const auto connection = Open(std::move(pair.near));
  connection->BeginWork();
  connection->Close();
  StepUntilClosed();
  EXPECT_FALSE(connection->accepts_output());
  connection->EndWork();
  Step();
  EXPECT_EQ(closings_.size(), 1U);
}

TEST_P(ConnectionTest, TheContextLivesAsLongAsTheConnection) {
  Pair pair = MakeTcpPair();
  const auto context = std::make_shared<int>(7);
  {
    const auto connection = Open(std::move(pair.near));
    connection->set_context(context);
    EXPECT_EQ(*connection->context<int>(), 7);
    connection->Close();
    StepUntilClosed();
    EXPECT_EQ(*connection->context<int>(), 7) << "gone while it is kept";
  }
  Step();
  EXPECT_EQ(context.use_count(), 1);
}

TEST_P(ConnectionTest, H06_SlowReader) {
  options_.high_water = 256 * 1024;
  options_.low_water = 64 * 1024;
  std::map<const Connection*, std::size_t> most_pending;
  on_message_ = [&](Connection& connection, Buffer& input) {
    connection.Send(input.view());
    input.Clear();
    std::size_t& most = most_pending[&connection];
    most = std::max(most, connection.pending_output());
  };
  Pair greedy = MakeTcpPair();
  Pair polite = MakeTcpPair();
  const auto connection = Open(std::move(greedy.near));
  Open(std::move(polite.near));
  const std::string bytes = Pattern(2 * kLarge);
  // It sends and does not read, until no more is taken.
  std::string_view rest = bytes;
  for (int idle = 0; idle < 20 && !rest.empty(); ++idle) {
    if (const std::size_t count = greedy.far.SendSome(rest); count > 0) {
      rest.remove_prefix(count);
      idle = 0;
    }
    Step();
  }
  EXPECT_FALSE(rest.empty()) << "everything was read and kept";
  EXPECT_GT(connection->pending_output(), options_.low_water);
  EXPECT_LE(most_pending[connection.get()],
            options_.high_water + Buffer::kReadSize);

  // The others are served, and nothing spins.
  SendAll(polite.far, "hello");
  EXPECT_EQ(ReceiveAll(polite.far, 5), "hello");
  const std::uint64_t waits = Count("waits");
  loop().RunAfter(std::chrono::milliseconds(50), [this] { loop().Quit(); });
  Run();
  EXPECT_LE(Count("waits") - waits, 10U);

  // It says no more and only reads: what it has sent must all come back, also
  // what had been waiting in the socket all the time without a new edge.
  const std::size_t sent = bytes.size() - rest.size();
  EXPECT_TRUE(ReceiveAll(greedy.far, sent) == bytes.substr(0, sent));
  EXPECT_LE(most_pending[connection.get()],
            options_.high_water + Buffer::kReadSize);
  EXPECT_TRUE(closings_.empty());
}

TEST_P(ConnectionTest, H06_ResumesWithoutANewEdge) {
  // Reading resumes with the last byte of output, after which no write edge
  // comes for a read to ride along with; and the peer sends nothing more.
  options_.high_water = 64 * 1024;
  options_.low_water = 0;
  EchoMessages();
  Pair pair = MakeUnixPair(4096);
  const int large = 1 << 20;
  Must(::setsockopt(pair.far.fd(), SOL_SOCKET, SO_SNDBUF, &large,
                    sizeof(large)));
  const std::string bytes = Pattern(400'000);
  ASSERT_EQ(pair.far.SendSome(bytes), bytes.size());
  Open(std::move(pair.near));
  for (int i = 0; i < 10; ++i) Step();
  EXPECT_LT(Count("bytes_read"), bytes.size()) << "reading did not pause";
  EXPECT_TRUE(ReceiveAll(pair.far, bytes.size()) == bytes);
}

TEST_P(ConnectionTest, H06_SlowReaderThatHalfCloses) {
  options_.high_water = 64 * 1024;
  options_.low_water = 16 * 1024;
  EchoMessages();
  Pair pair = MakeUnixPair(1 << 16);
  Open(std::move(pair.near));
  const std::string bytes = Pattern(kPaused);
  std::string_view rest = bytes;
  for (int i = 0; i < 100; ++i) {
    rest.remove_prefix(pair.far.SendSome(rest));
    Step();
  }
  pair.far.ShutdownWrite();
  const std::size_t sent = bytes.size() - rest.size();
  EXPECT_TRUE(ReceiveAll(pair.far, sent) == bytes.substr(0, sent));
  StepUntilClosed();
  EXPECT_EQ(OnlyClosing().reason, CloseReason::kPeerClosed);
}

TEST_P(ConnectionTest, H06_SlowReaderThatGoesAway) {
  EchoMessages();
  Pair pair = MakeTcpPair();
  Open(std::move(pair.near));
  const std::string bytes = Pattern(2 * kLarge);
  std::string_view rest = bytes;
  for (int i = 0; i < 100; ++i) {
    rest.remove_prefix(pair.far.SendSome(rest));
    Step();
  }
  pair.far.Reset();
  StepUntilClosed();
  EXPECT_EQ(OnlyClosing().reason, CloseReason::kError);
}

TEST_P(ConnectionTest, H09_Sigpipe) {
  struct sigaction deadly {};
  deadly.sa_handler = SIG_DFL;
  struct sigaction before {};
  Must(::sigaction(SIGPIPE, &deadly, &before));
  Pair pair = MakeTcpPair();
  const auto connection = Open(std::move(pair.near));
  for (int i = 0; i < 3; ++i) Step();
  pair.far.Reset();
  // The first learns of the reset, the second would raise the signal.
  connection->Send("one");
  connection->Send("two");
  StepUntilClosed();
  EXPECT_EQ(OnlyClosing().reason, CloseReason::kError);
  Must(::sigaction(SIGPIPE, &before, nullptr));
}

TEST_P(ConnectionTest, H09_SigpipeOfAClosedUnixPeer) {
  struct sigaction deadly {};
  deadly.sa_handler = SIG_DFL;
  struct sigaction before {};
  Must(::sigaction(SIGPIPE, &deadly, &before));
  Pair pair = MakeUnixPair(4096);
  const auto connection = Open(std::move(pair.near));
  pair.far.Close();
  connection->Send("x");
  StepUntilClosed();
  EXPECT_EQ(OnlyClosing().reason, CloseReason::kError);
  EXPECT_EQ(OnlyClosing().error, std::errc::broken_pipe);
  Must(::sigaction(SIGPIPE, &before, nullptr));
}

TEST_P(ConnectionTest, H10_WriteAfterClose) {
  Pair pair = MakeTcpPair();
  const auto connection = Open(std::move(pair.near));
  connection->Close();
  connection->Send("after Close");
  StepUntilClosed();
  connection->Send("after on_close");
  connection->Shutdown();
  connection->Close();
  for (int i = 0; i < 3; ++i) Step();
  OnlyClosing();
  EXPECT_EQ(Count("writes"), 0U);
  EXPECT_EQ(pair.far.ReceiveToEnd(), "");
}

TEST_P(ConnectionTest, H11_ConnectionResetByPeer) {
  Pair pair = MakeTcpPair();
  Open(std::move(pair.near));
  for (int i = 0; i < 3; ++i) Step();
  pair.far.Reset();
  StepUntilClosed();
  EXPECT_EQ(OnlyClosing().reason, CloseReason::kError);
  EXPECT_EQ(OnlyClosing().error, std::errc::connection_reset);
}

TEST_P(ConnectionTest, H11_ResetWithOutputPending) {
  Pair pair = MakeTcpPair();
  const auto connection = Open(std::move(pair.near));
  connection->Send(Pattern(kLarge));
  for (int i = 0; i < 3; ++i) Step();
  pair.far.Reset();
  StepUntilClosed();
  EXPECT_EQ(OnlyClosing().reason, CloseReason::kError);
  EXPECT_TRUE(OnlyClosing().error);
}

TEST_P(ConnectionTest, H11_ResetAfterAHalfClose) {
  Pair pair = MakeTcpPair();
  const auto connection = Open(std::move(pair.near));
  connection->Send(Pattern(kLarge));
  pair.far.ShutdownWrite();
  for (int i = 0; i < 3; ++i) Step();
  EXPECT_TRUE(closings_.empty());
  pair.far.Reset();
  StepUntilClosed();
  EXPECT_EQ(OnlyClosing().reason, CloseReason::kError);
}

TEST_P(ConnectionTest, H11_ResetWhileDraining) {
  Pair pair = MakeTcpPair();
  const auto connection = Open(std::move(pair.near));
  connection->Send(Pattern(kLarge));
  connection->Shutdown();
  for (int i = 0; i < 3; ++i) Step();
  pair.far.Reset();
  StepUntilClosed();
  EXPECT_EQ(OnlyClosing().reason, CloseReason::kError);
}

TEST_P(ConnectionTest, CloseDropsWhatIsPending) {
  Pair pair = MakeTcpPair();
  const auto connection = Open(std::move(pair.near));
  connection->Send(Pattern(kLarge));
  connection->Close();
  EXPECT_TRUE(closings_.empty()) << "on_close from within Close";
  StepUntilClosed();
  EXPECT_EQ(OnlyClosing().reason, CloseReason::kLocal);
  EXPECT_EQ(connection->pending_output(), 0U);
  EXPECT_TRUE(pair.far.SeesTheEnd());
}

TEST_P(ConnectionTest, NoMessageAfterClose) {
  Pair pair = MakeTcpPair();
  int messages = 0;
  on_message_ = [&](Connection& connection, Buffer&) {
    ++messages;
    connection.Close();
  };
  // Much more than one read takes.
  pair.far.SendSome(Pattern(kMiB));
  Open(std::move(pair.near));
  StepUntilClosed();
  EXPECT_EQ(messages, 1);
  EXPECT_EQ(OnlyClosing().reason, CloseReason::kLocal);
}

TEST_P(ConnectionTest, CloseInOnOpen) {
  Pair pair = MakeTcpPair();
  pair.far.Send("never read");
  on_open_ = [](Connection& connection) { connection.Close(); };
  Open(std::move(pair.near));
  StepUntilClosed();
  EXPECT_EQ(OnlyClosing().reason, CloseReason::kLocal);
  EXPECT_EQ(received_, "");
}

TEST_P(ConnectionTest, SendInOnOpen) {
  Pair pair = MakeTcpPair();
  on_open_ = [](Connection& connection) { connection.Send("welcome"); };
  Open(std::move(pair.near));
  EXPECT_EQ(pair.far.Receive(7), "welcome");
}

TEST_P(ConnectionTest, ClosedExactlyOnceInEveryWay) {
  using Way = std::function<void(Connection&, Client&)>;
  const std::pair<const char*, Way> ways[] = {
      {"Close", [](Connection& c, Client&) { c.Close(); }},
      {"Close twice",
       [](Connection& c, Client&) {
         c.Close();
         c.Close();
       }},
      {"Close, then Shutdown",
       [](Connection& c, Client&) {
         c.Close();
         c.Shutdown();
       }},
      {"Shutdown twice",
       [](Connection& c, Client&) {
         c.Shutdown();
         c.Shutdown();
       }},
      {"Shutdown, then Close",
       [](Connection& c, Client&) {
         c.Send(Pattern(kLarge));
         c.Shutdown();
         c.Close();
       }},
      {"Terminate", [](Connection& c, Client&) { c.Terminate(); }},
      {"Terminate twice",
       [](Connection& c, Client&) {
         c.Terminate();
         c.Terminate();
       }},
      {"Close, then Terminate",
       [](Connection& c, Client&) {
         c.Close();
         c.Terminate();
       }},
      {"Close and FIN",
       [](Connection& c, Client& peer) {
         c.Close();
         peer.ShutdownWrite();
       }},
      {"Close and RST",
       [](Connection& c, Client& peer) {
         c.Close();
         peer.Reset();
       }},
      {"FIN", [](Connection&, Client& peer) { peer.ShutdownWrite(); }},
      {"RST", [](Connection&, Client& peer) { peer.Reset(); }},
      {"data and RST",
       [](Connection&, Client& peer) {
         peer.Send("data");
         peer.Reset();
       }},
      {"RST, found by a Send",
       [](Connection& c, Client& peer) {
         peer.Reset();
         c.Send("x");
         c.Send("y");
         c.Close();
       }},
      {"FIN with output pending, then RST",
       [](Connection& c, Client& peer) {
         c.Send(Pattern(kLarge));
         peer.ShutdownWrite();
         peer.Reset();
       }},
  };
  for (const auto& [name, way] : ways) {
    SCOPED_TRACE(name);
    closings_.clear();
    Pair pair = MakeTcpPair();
    std::weak_ptr<Connection> watch;
    {
      const auto connection = Open(std::move(pair.near));
      Step();
      way(*connection, pair.far);
      watch = connection;
    }
    StepUntilClosed();
    EXPECT_EQ(closings_.size(), 1U);
    EXPECT_TRUE(connections_.empty()) << "its owner was not told";
    EXPECT_TRUE(watch.expired()) << "it was not released";
    EXPECT_EQ(Count("opened"), Count("closed"));
  }
}

TEST_P(ConnectionTest, OnCloseMayCallAnything) {
  Pair pair = MakeTcpPair();
  on_close_ = [](Connection& connection) {
    connection.Send("x");
    connection.Shutdown();
    connection.Close();
    connection.Terminate();
  };
  Open(std::move(pair.near));
  pair.far.ShutdownWrite();
  StepUntilClosed();
  OnlyClosing();
}

TEST_P(ConnectionTest, CallbacksMayBeEmpty) {
  Connection::Options bare;
  bare.callbacks.on_message = [](Connection&, Buffer& input) { input.Clear(); };
  Pair pair = MakeTcpPair();
  auto connection = std::make_shared<Connection>(
      &loop(), std::move(pair.near), InetAddress(), &bare, &release_);
  connections_[connection.get()] = connection;
  ASSERT_FALSE(connection->Establish());
  pair.far.Close();
  EXPECT_TRUE(StepUntil([&] { return connection->closed(); }));
}

TEST_P(ConnectionTest, AClosedConnectionThatIsKeptIsAnEmptyShell) {
  Pair pair = MakeTcpPair();
  const InetAddress peer = *InetAddress::Parse("127.0.0.1", 4711);
  const std::size_t before = OpenDescriptors();
  auto connection = std::make_shared<Connection>(&loop(), std::move(pair.near),
                                                 peer, &options_, &release_);
  connections_[connection.get()] = connection;
  ASSERT_FALSE(connection->Establish());
  connection->Send(Pattern(kLarge));
  pair.far.Reset();
  StepUntilClosed();
  // Its descriptor and its memory are gone; `before` counts both ends.
  EXPECT_EQ(OpenDescriptors(), before - 2);
  EXPECT_EQ(loop().buffers()->borrowed(), 0U);
  EXPECT_TRUE(connection->closed());
  EXPECT_EQ(connection->peer().ToString(), "127.0.0.1:4711");
  EXPECT_EQ(connection->pending_output(), 0U);
  // The last reference may go in any thread.
  std::thread([last = std::move(connection)]() mutable {
    last.reset();
  }).join();
}

TEST_P(ConnectionTest, K05_SendsFromOtherThreadsInOrder) {
  constexpr int kThreads = 4;
  constexpr int kMessages = 2000;
  Pair pair = MakeTcpPair();
  const auto connection = Open(std::move(pair.near));
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([connection, t] {
      for (int i = 0; i < kMessages; ++i) {
        const std::string number = std::to_string(i);
        connection->Send(std::string(1, static_cast<char>('a' + t)) +
                         std::string(7 - number.size(), '0') + number);
      }
    });
  }
  const std::string got =
      ReceiveAll(pair.far, std::size_t{8} * kThreads * kMessages);
  for (std::thread& thread : threads) thread.join();
  std::map<char, int> next;
  for (std::size_t i = 0; i < got.size(); i += 8) {
    ASSERT_EQ(std::stoi(got.substr(i + 1, 7)), next[got[i]]++)
        << "thread " << got[i];
  }
}

TEST_P(ConnectionTest, CloseFromAnotherThread) {
  Pair pair = MakeTcpPair();
  const auto connection = Open(std::move(pair.near));
  std::thread([&] { connection->Close(); }).join();
  EXPECT_TRUE(closings_.empty());
  StepUntilClosed();
  EXPECT_EQ(OnlyClosing().reason, CloseReason::kLocal);
}

TEST_P(ConnectionTest, SendAndShutdownFromAnotherThread) {
  Pair pair = MakeTcpPair();
  const auto connection = Open(std::move(pair.near));
  const std::string bytes = Pattern(kLarge);
  std::thread([&] {
    connection->Send(bytes);
    connection->Shutdown();
  }).join();
  EXPECT_TRUE(ReceiveAll(pair.far, bytes.size()) == bytes);
  StepUntilClosed();
  EXPECT_EQ(OnlyClosing().reason, CloseReason::kLocal);
  EXPECT_EQ(pair.far.ReceiveToEnd(), "");
}

TEST_P(ConnectionTest, E08_ATaskOutlivesTheConnection) {
  Pair pair = MakeTcpPair();
  auto connection = Open(std::move(pair.near));
  const std::weak_ptr<Connection> watch = connection;
  std::thread([&connection] {
    connection->Close();
    connection->Send("dropped");
    connection->Shutdown();
    connection.reset();
  }).join();
  StepUntilClosed();
  OnlyClosing();
  EXPECT_TRUE(watch.expired());
  EXPECT_EQ(pair.far.ReceiveToEnd(), "");
}

TEST_P(ConnectionTest, SmallEchoesCostOneReadAndOneWrite) {
  constexpr std::uint64_t kMessages = 100;
  constexpr std::size_t kSize = 100;
  EchoMessages();
  Pair pair = MakeTcpPair();
  Open(std::move(pair.near));
  const std::string message = Pattern(kSize);
  for (std::uint64_t i = 0; i < kMessages; ++i) {
    pair.far.Send(message);
    ASSERT_EQ(ReceiveAll(pair.far, kSize), message);
  }
  EXPECT_EQ(Count("reads"), kMessages);
  EXPECT_EQ(Count("eagain_reads"), 0U);
  EXPECT_EQ(Count("bytes_read"), kMessages * kSize);
  EXPECT_EQ(Count("writes"), kMessages);
  EXPECT_EQ(Count("eagain_writes"), 0U);
  EXPECT_EQ(Count("short_writes"), 0U);
  EXPECT_EQ(Count("bytes_written"), kMessages * kSize);
  EXPECT_EQ(Count("modifies"), 0U);
  EXPECT_EQ(Count("requeues"), 0U);
}

TEST_P(ConnectionTest, ReasonsHaveNames) {
  EXPECT_EQ(ToString(CloseReason::kPeerClosed), "peer closed");
  EXPECT_EQ(ToString(CloseReason::kError), "error");
  EXPECT_EQ(ToString(CloseReason::kLocal), "closed here");
}

INSTANTIATE_TEST_SUITE_P(Backends, ConnectionTest, EveryBackend(), BackendOf);

}  // namespace
}  // namespace polymux
