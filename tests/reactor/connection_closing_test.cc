// How connections of a raw stream end. lifecycle_test has what frames,
// deadlines and lingering add.

#include <gtest/gtest.h>
#include <signal.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "reactor/connection.h"
#include "tests/reactor/connection_support.h"

namespace polymux {
namespace {

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

TEST_P(ConnectionTest, ReasonsHaveNames) {
  EXPECT_EQ(ToString(CloseReason::kPeerClosed), "peer closed");
  EXPECT_EQ(ToString(CloseReason::kError), "error");
  EXPECT_EQ(ToString(CloseReason::kLocal), "closed here");
}

INSTANTIATE_TEST_SUITE_P(Backends, ConnectionTest, EveryBackend(), BackendOf);

}  // namespace
}  // namespace polymux
