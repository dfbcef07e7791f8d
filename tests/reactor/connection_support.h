#ifndef POLYMUX_TESTS_REACTOR_CONNECTION_SUPPORT_H_
#define POLYMUX_TESTS_REACTOR_CONNECTION_SUPPORT_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "reactor/connection.h"
#include "tests/reactor/support.h"

// Groups C and H of docs/conformance.md, on connections whose other ends the
// test holds itself and whose loop it runs step by step: as a stream
// (connection_test), when one side does not keep up (connection_flow_test), at
// its end (connection_closing_test).

namespace polymux {

inline constexpr std::size_t kMiB = std::size_t{1} << 20;
// Far more than the buffers between the two ends take.
inline constexpr std::size_t kLarge = 8 * kMiB;
// The same for a Unix pair with the smallest buffers, below and above the
// high-water mark.
inline constexpr std::size_t kPending = 400'000;
inline constexpr std::size_t kPaused = 2 * kMiB;

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
      ended_.erase(&connection);  // another one, at the same address
      if (on_open_) on_open_(connection);
    };
    options_.callbacks.on_message = [this](Connection& connection,
                                           Buffer& input) {
      EXPECT_TRUE(loop().IsInLoopThread());
      EXPECT_FALSE(ended_.contains(&connection)) << "on_message after on_close";
      on_message_(connection, input);
    };
    options_.callbacks.on_close = [this](Connection& connection,
                                         CloseReason reason,
                                         std::error_code error) {
      EXPECT_TRUE(connection.closed());
      ended_.insert(&connection);
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
  std::set<const Connection*> ended_;
  std::function<void(Connection&)> on_open_;
  std::function<void(Connection&, Buffer&)> on_message_;
  std::function<void(Connection&)> on_close_;
};

}  // namespace polymux

#endif  // POLYMUX_TESTS_REACTOR_CONNECTION_SUPPORT_H_
