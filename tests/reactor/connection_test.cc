#include "reactor/connection.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "tests/reactor/connection_support.h"

namespace polymux {
namespace {

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

// recv(2) stops at the mark, so a short read doesn't mean that the socket is
// empty. The urgent bytes themselves are not part of the stream.
TEST_P(ConnectionTest, BytesBehindAnUrgentMarkAreRead) {
  for (const std::size_t read_budget : {std::size_t{1}, kMiB}) {
    options_.read_budget = read_budget;
    Pair pair = MakeTcpPair();
    received_.clear();
    // First what is there when the watch begins.
    pair.far.Send("a");
    Must(static_cast<int>(::send(pair.far.fd(), "!", 1, MSG_OOB)));
    pair.far.Send("bb");
    Open(std::move(pair.near));
    EXPECT_TRUE(StepUntil([&] { return received_ == "abb"; })) << received_;
    for (int i = 0; i < 3; ++i) {
      received_.clear();
      pair.far.Send("c");
      // In one segment with what follows, and in one of its own.
      const int more = i == 0 ? MSG_MORE : 0;
      Must(static_cast<int>(::send(pair.far.fd(), "!", 1, MSG_OOB | more)));
      pair.far.Send("dddddddddd");
      EXPECT_TRUE(StepUntil([&] { return received_ == "cdddddddddd"; }))
          << received_;
    }
  }
}

TEST_P(ConnectionTest, AnyMixOfUrgentAndOrdinaryBytesArrives) {
  std::minstd_rand random(20'161'130);
  for (int run = 0; run < 30; ++run) {
    Pair pair = MakeTcpPair();
    Open(std::move(pair.near));
    received_.clear();
    std::string sent;
    for (int i = 0; i < 40; ++i) {
      const auto choice = random() % 8;
      if (choice < 2) {
        Must(static_cast<int>(::send(pair.far.fd(), "!", 1, MSG_OOB)));
      } else if (choice < 5) {
        const std::string bytes(1 + random() % 3,
                                static_cast<char>('a' + i % 26));
        pair.far.Send(bytes);
        sent += bytes;
      } else {
        Step();
      }
    }
    // An urgent byte that another one follows is in the stream after all.
    EXPECT_TRUE(StepUntil([&] {
      std::erase(received_, '!');
      return received_ == sent;
    })) << "got "
        << received_ << " of " << sent;
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

TEST_P(ConnectionTest, SendInOnOpen) {
  Pair pair = MakeTcpPair();
  on_open_ = [](Connection& connection) { connection.Send("welcome"); };
  Open(std::move(pair.near));
  EXPECT_EQ(pair.far.Receive(7), "welcome");
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

INSTANTIATE_TEST_SUITE_P(Backends, ConnectionTest, EveryBackend(), BackendOf);

}  // namespace
}  // namespace polymux
