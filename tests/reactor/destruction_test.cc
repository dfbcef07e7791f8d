// Owners that are destroyed by what they call, and what is kept beyond them.
// AddressSanitizer sees most of what can go wrong here.

#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "reactor/length_framing.h"
#include "reactor/pipeline.h"
#include "reactor/tcp_client.h"
#include "reactor/tcp_server.h"
#include "reactor/worker_pool.h"
#include "tests/reactor/support.h"

namespace polymux {
namespace {

using namespace std::chrono_literals;

// Ends the owner, and then looks at what the callback itself has captured.
class Ending {
 public:
  explicit Ending(std::function<void()> end) : end_(std::move(end)) {}

  template <typename... Arguments>
  void operator()(Arguments&&...) const {
    end_();
    EXPECT_EQ(own_, Pattern(kSize)) << "the callback has gone while it ran";
  }

 private:
  static constexpr std::size_t kSize = 100;

  std::function<void()> end_;
  std::string own_ = Pattern(kSize);
};

// More than the buffers between the two ends take, less than max_output.
constexpr std::size_t kMuch = std::size_t{7} << 20;

struct Case {
  const char* name;
  // Makes a connection end its owner, whoever begins to talk.
  void (*install)(Connection::Options& options, const Ending& end);
};

constexpr Case kCases[] = {
    {"on_open", [](Connection::Options& options,
                   const Ending& end) { options.callbacks.on_open = end; }},
    {"on_message",
     [](Connection::Options& options, const Ending& end) {
       options.callbacks.on_message = [end](Connection& connection,
                                            Buffer& input) {
         end();
         connection.Send("for nobody");
         input.Clear();
       };
     }},
    {"on_message with time-outs",
     [](Connection::Options& options, const Ending& end) {
       options.timeouts = {.first_byte = 1h, .idle = 1h, .write = 1h};
       options.callbacks.on_message = end;
     }},
    {"on_frame",
     [](Connection::Options& options, const Ending& end) {
       options.framing = std::make_shared<LengthFraming>(100);
       options.timeouts.frame = 1h;
       options.callbacks.on_frame = end;
     }},
    {"on_send_complete",
     [](Connection::Options& options, const Ending& end) {
       options.callbacks.on_open = [](Connection& connection) {
         connection.Send("x");
       };
       options.callbacks.on_send_complete = end;
     }},
    {"on_high_water",
     [](Connection::Options& options, const Ending& end) {
       options.callbacks.on_open = [](Connection& connection) {
         connection.Send(Pattern(kMuch));
         connection.Send("for nobody");
       };
       options.callbacks.on_high_water = end;
     }},
    {"on_close by the peer",
     [](Connection::Options& options, const Ending& end) {
       options.callbacks.on_close = end;
     }},
    {"on_close by Close",
     [](Connection::Options& options, const Ending& end) {
       options.callbacks.on_open = [](Connection& connection) {
         connection.Close();
       };
       options.callbacks.on_close = end;
     }},
    {"on_close by a time-out",
     [](Connection::Options& options, const Ending& end) {
       options.timeouts.idle = 1ms;
       options.callbacks.on_message = [](Connection&, Buffer&) {};
       options.callbacks.on_close = end;
     }},
    {"a timer",
     [](Connection::Options& options, const Ending& end) {
       options.callbacks.on_open = [end](Connection& connection) {
         connection.loop()->RunAfter(0ms, end);
       };
     }},
    {"a task",
     [](Connection::Options& options, const Ending& end) {
       options.callbacks.on_open = [end](Connection& connection) {
         connection.loop()->QueueInLoop(end);
       };
     }},
};

class DestructionTest : public LoopTest {
 protected:
  // Two frames, or one message.
  static std::string Hello() {
    const LengthFraming framing(100);
    return framing.Encode("hello") + framing.Encode("again");
  }

  void StartServer(TcpServer::Options options) {
    server_ = std::make_unique<TcpServer>(&loop(), std::move(options));
    server_->Start();
  }

  Ending EndOfServer() {
    return Ending([this] { server_.reset(); });
  }

  std::unique_ptr<TcpServer> server_;
  std::unique_ptr<TcpClient> client_;
};

TEST_P(DestructionTest, K06_AServerByAnyCallbackOfItsConnections) {
  for (const Case& a_case : kCases) {
    SCOPED_TRACE(a_case.name);
    TcpServer::Options options = EchoOptions(0);
    a_case.install(options.connection, EndOfServer());
    StartServer(options);
    // Another one, whose on_close is called from within; both are accepted by
    // one event.
    Client other(server_->address());
    Client client(server_->address());
    client.Send(Hello());
    client.ShutdownWrite();
    ASSERT_TRUE(StepUntil([&] { return !server_; }));
    for (int i = 0; i < 3; ++i) Step();
    EXPECT_TRUE(client.SeesTheEnd());
    EXPECT_TRUE(other.SeesTheEnd());
    EXPECT_EQ(loop().buffers()->borrowed(), 0U);
  }
}

TEST_P(DestructionTest, AServerByItsOwnCallbacks) {
  for (const int reactors : {0, 1}) {
    SCOPED_TRACE(reactors);
    const std::function<void(const Ending&)> ways[] = {
        [this](const Ending& end) { server_->Stop(end); },
        [this](const Ending& end) { server_->CollectCounters(end); },
        [this](const Ending& end) { loop().RunAfter(0ms, end); },
        [this](const Ending& end) { loop().QueueInLoop(end); }};
    for (const auto& way : ways) {
      StartServer(EchoOptions(reactors));
      Client client(server_->address());
      ASSERT_TRUE(StepUntil([&] { return server_->connections() == 1; }));
      way(EndOfServer());
      ASSERT_TRUE(StepUntil([&] { return !server_; }));
      Step();
      EXPECT_TRUE(client.SeesTheEnd());
    }
  }
}

TEST_P(DestructionTest, AServerByAConnectionThatItsStopAccepts) {
  TcpServer::Options options = EchoOptions(0);
  options.connection.callbacks.on_open = EndOfServer();
  StartServer(options);
  Client client(server_->address());
  server_->Stop([] { ADD_FAILURE() << "told of a Stop beyond the server"; });
  EXPECT_FALSE(server_);
  for (int i = 0; i < 3; ++i) Step();
  EXPECT_TRUE(client.SeesTheEnd());
}

TEST_P(DestructionTest, AServerByTheReplyOfAWorker) {
  WorkerPool pool({.on_exception = [](std::exception_ptr) {}});
  Pipeline::Counters counters;
  TcpServer::Options options = EchoOptions(0);
  ConnectionCallbacks& callbacks = options.connection.callbacks;
  callbacks.on_open = [&](Connection& connection) {
    connection.set_context(
        std::make_shared<Pipeline>(&pool, &counters, &connection));
  };
  callbacks.on_message = [](Connection& connection, Buffer& input) {
    input.Clear();
    connection.context<Pipeline>()->Offer([] { return Pattern(kMuch); });
  };
  callbacks.on_high_water = EndOfServer();
  StartServer(options);
  Client client(server_->address());
  client.Send("question");
  ASSERT_TRUE(StepUntil([&] { return !server_; }));
  pool.Join();
  Step();
  EXPECT_EQ(counters.accepted, counters.answered);
  EXPECT_TRUE(client.SeesTheEnd());
}

TEST_P(DestructionTest, AClientByAnyCallback) {
  for (const Case& a_case : kCases) {
    SCOPED_TRACE(a_case.name);
    ServerThread server(backend(), [] {
      TcpServer::Options options = EchoOptions(1);
      options.connection.callbacks.on_open = [](Connection& connection) {
        connection.Send(Hello());
        connection.Shutdown();
      };
      return options;
    }());
    TcpClient::Options options;
    options.server = server.address();
    options.reconnect = true;
    options.connection.callbacks.on_message = [](Connection&, Buffer& input) {
      input.Clear();
    };
    options.on_connect_failed = [](auto&&...) {};
    a_case.install(options.connection, Ending([this] { client_.reset(); }));
    client_ = std::make_unique<TcpClient>(&loop(), options);
    client_->Connect();
    ASSERT_TRUE(StepUntil([&] { return !client_; }));
    for (int i = 0; i < 3; ++i) Step();
    EXPECT_EQ(loop().buffers()->borrowed(), 0U);
  }
}

TEST_P(DestructionTest, AClientByAFailedAttempt) {
  TcpClient::Options options;
  {
    const Socket listener =
        Socket::Listen(*InetAddress::Parse("127.0.0.1", 0), {});
    options.server = InetAddress::LocalOf(listener.fd());
  }
  options.on_connect_failed = Ending([this] { client_.reset(); });
  client_ = std::make_unique<TcpClient>(&loop(), options);
  client_->Connect();
  ASSERT_TRUE(StepUntil([&] { return !client_; }));
  Step();
}

TEST_P(DestructionTest, TheCountersOfAServerThatHasGoneAreNotTold) {
  for (const int reactors : {1, 3}) {
    StartServer(EchoOptions(reactors));
    server_->CollectCounters(
        [](const auto&) { ADD_FAILURE() << "told beyond the server"; });
    server_.reset();
    for (int i = 0; i < 3; ++i) Step();
  }
}

using DestructionDeathTest = DestructionTest;

TEST_P(DestructionDeathTest, AServerByASubLoopAborts) {
  EXPECT_DEATH(
      {
        EventLoop own(backend());
        TcpServer::Options options = EchoOptions(1);
        options.connection.callbacks.on_open = EndOfServer();
        server_ = std::make_unique<TcpServer>(&own, options);
        server_->Start();
        Client client(server_->address());
        own.Run();
      },
      "destroyed in another thread than its main loop's.*Stop");
}

// A connection that is kept, with its server and its loop gone.
TEST_P(DestructionTest, WhatIsKeptBeyondTheLoopIsAnEmptyShell) {
  for (const int reactors : {0, 1}) {
    for (const bool framed : {false, true}) {
      std::shared_ptr<Connection> kept;
      auto own = std::make_unique<EventLoop>(backend());
      TcpServer::Options options = EchoOptions(reactors);
      options.connection.callbacks.on_open = [&](Connection& connection) {
        kept = connection.shared_from_this();
        own->Quit();
      };
      options.connection.callbacks.on_frame = [](auto&&...) {};
      if (framed) {
        options.connection.framing = std::make_shared<LengthFraming>(100);
      }
      auto server = std::make_unique<TcpServer>(own.get(), std::move(options));
      server->Start();
      Client client(server->address());
      own->Run();
      server.reset();
      own.reset();

      const auto use = [&kept, framed] {
        kept->Send("late");
        if (framed) kept->SendFrame("late");
        kept->BeginWork();
        kept->EndWork();
        kept->Shutdown();
        kept->Close();
      };
      use();
      std::thread(use).join();
      EXPECT_TRUE(kept->closed());
      EXPECT_EQ(kept->pending_output(), 0U);
      EXPECT_FALSE(kept->accepts_output());
      EXPECT_TRUE(client.SeesTheEnd());
      std::thread([last = std::exchange(kept, nullptr)] {}).join();
    }
  }
}

TEST_P(DestructionTest, TheContextDiesInTheLoopsThread) {
  std::promise<std::shared_ptr<Connection>> opened;
  std::promise<bool> died;
  TcpServer::Options options = EchoOptions(1);
  options.connection.callbacks.on_open = [&](Connection& connection) {
    connection.set_context(
        std::shared_ptr<void>(&died, [&died, loop = connection.loop()](void*) {
          died.set_value(loop->IsInLoopThread());
        }));
    opened.set_value(connection.shared_from_this());
  };
  ServerThread server(backend(), options);
  Client client(server.address());
  std::shared_ptr<Connection> kept = opened.get_future().get();
  client.Close();
  ASSERT_TRUE(Eventually([&] { return server.server().connections() == 0; }));
  // The loop has released it when it answers.
  server.Reports();
  ASSERT_EQ(kept.use_count(), 1);
  kept.reset();
  EXPECT_TRUE(died.get_future().get());
}

INSTANTIATE_TEST_SUITE_P(Backends, DestructionTest, EveryBackend(), BackendOf);
INSTANTIATE_TEST_SUITE_P(Backends, DestructionDeathTest, EveryBackend(),
                         BackendOf);

}  // namespace
}  // namespace polymux
