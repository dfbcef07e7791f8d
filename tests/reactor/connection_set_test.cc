#include "reactor/connection_set.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "tests/reactor/support.h"

namespace polymux {
namespace {

class ConnectionSetTest : public LoopTest {
 protected:
  void SetUp() override {
    LoopTest::SetUp();
    if (IsSkipped()) return;
    options_.callbacks.on_message = [](Connection& connection, Buffer& input) {
      connection.Send(input.view());
      input.Clear();
    };
    options_.callbacks.on_close = [this](Connection&, CloseReason,
                                         std::error_code) { ++closed_; };
    set_.emplace(&loop(), &options_, [this](const InetAddress&) { ++gone_; });
  }

  void TearDown() override {
    if (set_) set_->CloseAll();
    LoopTest::TearDown();
  }

  Client Add() {
    Pair pair = MakeTcpPair();
    set_->Add(std::move(pair.near), InetAddress());
    return std::move(pair.far);
  }

  Connection::Options options_;
  std::optional<ConnectionSet> set_;
  int gone_ = 0;
  int closed_ = 0;
};

TEST_P(ConnectionSetTest, OwnsConnectionsFromAddToClose) {
  std::vector<Client> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(Add());
  EXPECT_EQ(set_->size(), 3U);
  EXPECT_EQ(set_->loop(), &loop());
  clients[1].Close();
  ASSERT_TRUE(StepUntil([&] { return gone_ == 1; }));
  EXPECT_EQ(set_->size(), 2U);
  EXPECT_EQ(closed_, 1);
}

TEST_P(ConnectionSetTest, DrainOfNothingIsDoneAtOnce) {
  bool empty = false;
  set_->Drain([&] { empty = true; });
  EXPECT_TRUE(empty);
}

TEST_P(ConnectionSetTest, DrainClosesIdleConnections) {
  std::vector<Client> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(Add());
  int empty = 0;
  set_->Drain([&] { ++empty; });
  ASSERT_TRUE(StepUntil([&] { return empty > 0; }));
  EXPECT_EQ(set_->size(), 0U);
  EXPECT_EQ(gone_, 3);
  EXPECT_EQ(closed_, 3);
  for (Client& client : clients) EXPECT_EQ(client.ReceiveToEnd(), "");
  set_->CloseAll();
  EXPECT_EQ(empty, 1);
}

TEST_P(ConnectionSetTest, WhatComesAfterDrainIsClosed) {
  set_->Drain([] {});
  Client late = Add();
  EXPECT_EQ(set_->size(), 0U);
  EXPECT_EQ(gone_, 1);
  EXPECT_EQ(closed_, 0);
  EXPECT_TRUE(late.SeesTheEnd());
}

TEST_P(ConnectionSetTest, CloseAllClosesNow) {
  std::vector<Client> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(Add());
  set_->CloseAll();
  EXPECT_EQ(set_->size(), 0U);
  EXPECT_EQ(gone_, 3);
  EXPECT_EQ(closed_, 3);
  Step();
  for (Client& client : clients) EXPECT_TRUE(client.SeesTheEnd());
}

TEST_P(ConnectionSetTest, CloseAllWhileDraining) {
  options_.max_output = std::size_t{1} << 25;
  options_.callbacks.on_open = [](Connection& connection) {
    connection.Send(Pattern(std::size_t{1} << 24));
  };
  Client client = Add();
  int empty = 0;
  set_->Drain([&] { ++empty; });
  for (int i = 0; i < 3; ++i) Step();
  EXPECT_EQ(empty, 0) << "output is pending";
  set_->CloseAll();
  EXPECT_EQ(empty, 1);
  EXPECT_EQ(closed_, 1);
}

TEST_P(ConnectionSetTest, OneThatCannotBeWatchedIsClosedAndCounted) {
  if (!backend().max_fd) {
    GTEST_SKIP() << "no descriptor is too high for " << backend().name;
  }
  Pair pair = MakeTcpPair();
  const int high = *backend().max_fd + 1;
  UniqueFd duplicate(Must(::fcntl(pair.near.fd(), F_DUPFD_CLOEXEC, high)));
  set_->Add(Socket(std::move(duplicate)), InetAddress());
  pair.near = Socket();
  EXPECT_EQ(set_->size(), 0U);
  EXPECT_EQ(gone_, 1);
  EXPECT_EQ(closed_, 0) << "on_close without an on_open";
  EXPECT_EQ(Count("rejected_descriptors"), 1U);
  EXPECT_EQ(Count("opened"), 0U);
  EXPECT_TRUE(pair.far.SeesTheEnd());

  // The others are served.
  Client client = Add();
  client.Send("x");
  std::string echo;
  EXPECT_TRUE(StepUntil([&] { return (echo += client.ReceiveSome()) == "x"; }));
}

TEST_P(ConnectionSetTest, AConnectionMayCloseItselfInOnOpen) {
  options_.callbacks.on_open = [](Connection& connection) {
    connection.Close();
  };
  Client client = Add();
  ASSERT_TRUE(StepUntil([&] { return gone_ == 1; }));
  EXPECT_EQ(closed_, 1);
  EXPECT_TRUE(client.SeesTheEnd());
}

INSTANTIATE_TEST_SUITE_P(Backends, ConnectionSetTest, EveryBackend(),
                         BackendOf);

}  // namespace
}  // namespace polymux
