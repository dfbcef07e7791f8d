#include "reactor/tcp_client.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/reactor/support.h"

namespace polymux {
namespace {

using namespace std::chrono_literals;

class TcpClientTest : public LoopTest {
 protected:
  void SetUp() override {
    LoopTest::SetUp();
    options_.connect.first_pause = 1ms;
    options_.connection.callbacks.on_open = [this](Connection& connection) {
      ++opened_;
      connection.Send("hello");
    };
    options_.connection.callbacks.on_message = [this](Connection&,
                                                      Buffer& input) {
      received_ += input.view();
      input.Clear();
      if (on_received_) on_received_();
    };
    options_.connection.callbacks.on_close =
        [this](Connection&, CloseReason reason, std::error_code) {
          reasons_.push_back(reason);
          if (on_closed_) on_closed_();
        };
    options_.on_connect_failed = [this](std::error_code error,
                                        std::optional<Duration>) {
      errors_.push_back(error);
    };
  }

  void Connect(const InetAddress& server) {
    options_.server = server;
    client_ = std::make_unique<TcpClient>(&loop(), options_);
    client_->Connect();
  }
  bool Closed(std::size_t times = 1) {
    return StepUntil([&] { return reasons_.size() >= times; });
  }
  bool Received(std::string_view bytes) {
    return StepUntil([&] { return received_ == bytes; });
  }

  TcpClient::Options options_;
  std::function<void()> on_received_;
  std::function<void()> on_closed_;
  int opened_ = 0;
  std::string received_;
  std::vector<CloseReason> reasons_;
  std::vector<std::error_code> errors_;
  std::unique_ptr<TcpClient> client_;  // its end calls on_close
};

INSTANTIATE_TEST_SUITE_P(Backends, TcpClientTest, EveryBackend(), BackendOf);

TEST_P(TcpClientTest, TalksToOurServer) {
  ServerThread server(backend(), EchoOptions(1));
  Connect(server.address());
  EXPECT_FALSE(client_->connection());
  ASSERT_TRUE(Received("hello"));
  ASSERT_TRUE(client_->connection());
  EXPECT_EQ(client_->connection()->peer().ToString(),
            server.address().ToString());

  const std::string large = Pattern(std::size_t{3} << 20);
  received_.clear();
  client_->connection()->Send(large);
  ASSERT_TRUE(StepUntil([&] { return received_.size() >= large.size(); }));
  EXPECT_TRUE(received_ == large);

  client_->Disconnect();
  ASSERT_TRUE(Closed());
  EXPECT_EQ(reasons_, std::vector{CloseReason::kLocal});
  EXPECT_FALSE(client_->connection());
  EXPECT_EQ(opened_, 1);
}

TEST_P(TcpClientTest, TellsOfARefusal) {
  InetAddress address;
  {
    const ServerThread server(backend(), EchoOptions(0));
    address = server.address();
  }
  options_.connect.retry = false;
  Connect(address);
  ASSERT_TRUE(StepUntil([&] { return !errors_.empty(); }));
  EXPECT_EQ(errors_[0], std::errc::connection_refused);
  EXPECT_EQ(opened_, 0);
}

TEST_P(TcpClientTest, WaitsForItsServerAndFindsItAgain) {
  std::optional<ServerThread> server(std::in_place, backend(), EchoOptions(1));
  TcpServer::Options options = EchoOptions(1);
  options.address = server->address();
  server.reset();

  options_.reconnect = true;
  options_.connect.max_pause = 1ms;
  Connect(options.address);
  ASSERT_TRUE(StepUntil([&] { return errors_.size() >= 2; }));
  EXPECT_EQ(opened_, 0);
  server.emplace(backend(), options);
  ASSERT_TRUE(Received("hello"));

  server.reset();
  ASSERT_TRUE(Closed());
  EXPECT_FALSE(client_->connection());
  server.emplace(backend(), options);
  ASSERT_TRUE(Received("hellohello"));

  client_->Disconnect();
  ASSERT_TRUE(Closed(2));
  bool later = false;
  loop().RunAfter(20ms, [&later] { later = true; });
  ASSERT_TRUE(StepUntil([&] { return later; }));
  EXPECT_EQ(opened_, 2) << "connected after Disconnect";
}

TEST_P(TcpClientTest, HasTheTimeoutsOfAServersConnections) {
  ServerThread server(backend(), EchoOptions(1));
  options_.connection.timeouts.idle = 30ms;
  Connect(server.address());
  ASSERT_TRUE(Closed());
  EXPECT_EQ(reasons_, std::vector{CloseReason::kIdle});
}

TEST_P(TcpClientTest, CanConnectAgainFromOnClose) {
  ServerThread server(backend(), EchoOptions(1));
  Connect(server.address());
  on_received_ = [this] {
    if (opened_ == 1) client_->connection()->Close();
  };
  on_closed_ = [this] { client_->Connect(); };
  ASSERT_TRUE(Received("hellohello"));
  EXPECT_EQ(opened_, 2);
  on_closed_ = nullptr;
}

TEST_P(TcpClientTest, ItsEndClosesTheConnection) {
  ServerThread server(backend(), EchoOptions(1));
  Connect(server.address());
  ASSERT_TRUE(Received("hello"));
  client_.reset();
  EXPECT_EQ(reasons_, std::vector{CloseReason::kLocal});
  Step();
  EXPECT_TRUE(Eventually([&] { return server.server().connections() == 0; }));
}

TEST_P(TcpClientTest, CanBeDestroyedAtAnyTimeAndByItsCallbacks) {
  ServerThread server(backend(), EchoOptions(1));
  std::optional<ServerThread> server_again;
  Connect(server.address());
  client_.reset();  // before the connect
  Step();
  EXPECT_EQ(opened_, 0);

  Connect(server.address());
  on_received_ = [this] { client_.reset(); };
  ASSERT_TRUE(Closed(1));
  on_received_ = nullptr;

  Connect(server.address());
  ASSERT_TRUE(StepUntil([&] { return opened_ == 2; }));
  on_closed_ = [this] { client_.reset(); };
  client_->Disconnect();
  ASSERT_TRUE(Closed(2));
  EXPECT_FALSE(client_);

  // When the server closes, too.
  Connect(server.address());
  ASSERT_TRUE(StepUntil([&] { return opened_ == 3; }));
  server.DestroyServer();
  ASSERT_TRUE(Closed(3));
  on_closed_ = nullptr;
  EXPECT_FALSE(client_);
  server_again.emplace(backend(), EchoOptions(1));

  options_.connection.callbacks.on_open = [this](Connection&) {
    client_.reset();
  };
  Connect(server_again->address());
  ASSERT_TRUE(Closed(4));
}

// A program that knows nothing of this library.
TEST_P(TcpClientTest, TalksToSocat) {
  const InetAddress address = [] {
    const Socket listener =
        Socket::Listen(*InetAddress::Parse("127.0.0.1", 0), {});
    return InetAddress::LocalOf(listener.fd());
  }();
  const std::string listen = "TCP-LISTEN:" + std::to_string(address.port()) +
                             ",bind=127.0.0.1,reuseaddr";
  const pid_t socat = Must(::fork());
  if (socat == 0) {
    ::execlp("socat", "socat", listen.c_str(), "EXEC:cat", nullptr);
    ::_exit(127);
  }
  options_.connect.max_pause = 10ms;
  Connect(address);
  EXPECT_TRUE(Received("hello"));
  client_->Disconnect();
  EXPECT_TRUE(Closed());
  int status = 0;
  Must(::waitpid(socat, &status, 0));
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace polymux
