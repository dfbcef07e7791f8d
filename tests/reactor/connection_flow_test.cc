// Connections that pause: because their user wants it, or their peer does not
// read.

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "reactor/connection.h"
#include "tests/reactor/connection_support.h"

namespace polymux {
namespace {

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
  // By TCP, for a Unix socket has an edge for each message that is taken.
  Pair pair = MakeTcpPair();
  const int large = 1 << 20;
  Must(::setsockopt(pair.far.fd(), SOL_SOCKET, SO_SNDBUF, &large,
                    sizeof(large)));
  const int small = 32 * 1024;
  Must(::setsockopt(pair.far.fd(), SOL_SOCKET, SO_RCVBUF, &small,
                    sizeof(small)));
  Must(::setsockopt(pair.near.fd(), SOL_SOCKET, SO_SNDBUF, &small,
                    sizeof(small)));
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

INSTANTIATE_TEST_SUITE_P(Backends, ConnectionTest, EveryBackend(), BackendOf);

}  // namespace
}  // namespace polymux
