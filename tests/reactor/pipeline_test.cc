#include "reactor/pipeline.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/reactor/support.h"

// Requests computed by workers (F17, F18, F21, H-13), on whole servers.

namespace polymux {
namespace {

using namespace std::chrono_literals;

// A server whose requests are lines. Workers compute the replies.
class LineServer {
 public:
  using Compute = std::function<std::string(const std::string& line)>;
  struct Options {
    int workers = 2;
    std::size_t max_jobs = 10'000;
    int reactors = 1;
    Duration drain_timeout = kPatience;
    Compute compute = [](const std::string& line) { return line; };
  };

  LineServer(const Backend& backend, Options options)
      : pool_({.threads = options.workers,
               .max_jobs = options.max_jobs,
               .on_exception = [this](std::exception_ptr) { ++exceptions; }}),
        compute_(std::move(options.compute)),
        server_(backend, ServerOptions(options)) {}
  ~LineServer() { pool_.Join(); }

  ServerThread& server() { return server_; }
  const InetAddress& address() const { return server_.address(); }
  WorkerPool& pool() { return pool_; }

  Pipeline::Counters counters;
  std::atomic<int> exceptions{0};
  std::atomic<int> closed{0};

  // Every request has come to its end, and been counted once.
  void ExpectAtRest() const {
    EXPECT_TRUE(Eventually([this] {
      return counters.accepted ==
             counters.answered + counters.dropped + counters.lost;
    }));
  }

 private:
  TcpServer::Options ServerOptions(const Options& options) {
    TcpServer::Options server = EchoOptions(options.reactors);
    server.drain_timeout = options.drain_timeout;
    ConnectionCallbacks& callbacks = server.connection.callbacks;
    callbacks.on_open = [this](Connection& connection) {
      connection.set_context(
          std::make_shared<Pipeline>(&pool_, &counters, &connection));
    };
    callbacks.on_message = [this](Connection& connection, Buffer& input) {
      bool go_on = true;
      while (go_on) {
        const std::size_t end = input.view().find('\n');
        if (end == std::string_view::npos) return;
        go_on = connection.context<Pipeline>()->Offer(
            [this, line = std::string(input.view().substr(0, end + 1))] {
              return compute_(line);
            });
        input.Consume(end + 1);
      }
    };
    callbacks.on_close = [this](Connection&, CloseReason, std::error_code) {
      ++closed;
    };
    return server;
  }

  WorkerPool pool_;
  const Compute compute_;
  ServerThread server_;
};

std::string Numbered(int count) {
  std::string lines;
  for (int i = 0; i < count; ++i) lines += std::to_string(i) + '\n';
  return lines;
}

// Not EXPECT_EQ on the text, which would print it all.
void ExpectReplies(Client& client, const std::string& replies) {
  EXPECT_TRUE(client.Receive(replies.size()) == replies);
}

// Opened once by the test; jobs wait for it.
class Gate {
 public:
  void Wait() const { opened_.wait(); }
  void Open() { open_.set_value(); }

 private:
  std::promise<void> open_;
  const std::shared_future<void> opened_ = open_.get_future().share();
};

class PipelineTest : public BackendTest {};

TEST_P(PipelineTest, H13_PipelinedOrder) {
  std::atomic<unsigned> seed{1};
  LineServer server(backend(),
                    {.workers = 8, .compute = [&](const auto& line) {
                       std::minstd_rand random(++seed);
                       std::this_thread::sleep_for(random() % 200 * 1us);
                       return line;
                     }});
  std::vector<Client> clients;
  for (int i = 0; i < 3; ++i) clients.emplace_back(server.address());
  const std::string requests = Numbered(1000);
  for (Client& client : clients) client.Send(requests);
  for (Client& client : clients) ExpectReplies(client, requests);
  EXPECT_EQ(server.counters.accepted, 3000U);
  EXPECT_EQ(server.counters.answered, 3000U);
  server.ExpectAtRest();
}

TEST_P(PipelineTest, F17_ASlowRequestDelaysNoOtherConnection) {
  Gate gate;
  LineServer server(backend(), {.workers = 2, .compute = [&](const auto& line) {
                                  if (line == "slow\n") gate.Wait();
                                  return line;
                                }});
  Client slow(server.address());
  slow.Send("slow\nbehind\n");
  // On the same loop, for there is only one.
  Client other(server.address());
  for (int i = 0; i < 100; ++i) other.Echo("quick\n");
  EXPECT_EQ(slow.ReceiveSome(), "");
  gate.Open();
  ExpectReplies(slow, "slow\nbehind\n");
}

TEST_P(PipelineTest, F18_TheClientGoesBeforeItsReply) {
  for (const bool reset : {false, true}) {
    SCOPED_TRACE(reset);
    Gate gate;
    std::atomic<int> computing{0};
    LineServer server(backend(), {.compute = [&](const auto& line) {
                        if (line != "late\n") return line;
                        ++computing;
                        gate.Wait();
                        return Pattern(100'000);
                      }});
    Client client(server.address());
    client.Send("late\n");
    ASSERT_TRUE(Eventually([&] { return computing == 1; }));
    if (reset) {
      client.Reset();
      // Noticed while the worker holds the connection.
      ASSERT_TRUE(Eventually([&] { return server.closed == 1; }));
    } else {
      client.Close();
    }
    gate.Open();
    ASSERT_TRUE(Eventually([&] { return server.closed == 1; }));
    EXPECT_TRUE(Eventually([&] {
      return server.counters.answered + server.counters.dropped == 1;
    }));
    if (reset) {
      EXPECT_EQ(server.counters.dropped, 1U);
    }
    EXPECT_EQ(server.counters.lost, 0U);
    Client(server.address()).Echo("alive\n");
  }
}

TEST_P(PipelineTest, WhatAClientThatHasGoneAskedForIsNotComputed) {
  Gate gate;
  std::atomic<int> computed{0};
  LineServer server(backend(), {.workers = 1, .compute = [&](const auto& line) {
                                  gate.Wait();
                                  ++computed;
                                  return line;
                                }});
  Client client(server.address());
  client.Send(Numbered(100));
  ASSERT_TRUE(Eventually([&] { return server.counters.accepted == 100U; }));
  client.Reset();
  ASSERT_TRUE(Eventually([&] { return server.closed == 1; }));
  gate.Open();
  EXPECT_TRUE(Eventually([&] { return server.counters.dropped == 100U; }));
  EXPECT_LE(computed, 1) << "for nobody";
  EXPECT_EQ(server.counters.lost, 0U);
}

TEST_P(PipelineTest, F18_AHalfClosedClientGetsItsReplies) {
  Gate gate;
  LineServer server(backend(), {.compute = [&](const auto& line) {
                      gate.Wait();
                      return line;
                    }});
  Client client(server.address());
  const std::string requests = Numbered(100);
  client.Send(requests);
  client.ShutdownWrite();
  ASSERT_TRUE(Eventually([&] { return server.counters.accepted == 100U; }));
  EXPECT_EQ(server.closed, 0);
  gate.Open();
  EXPECT_TRUE(client.ReceiveToEnd() == requests);
  EXPECT_TRUE(Eventually([&] { return server.closed == 1; }));
}

TEST_P(PipelineTest, F23_StopSendsTheRepliesThatAreInTheWorks) {
  for (const int reactors : {0, 2}) {
    SCOPED_TRACE(reactors);
    Gate gate;
    LineServer server(backend(),
                      {.reactors = reactors, .compute = [&](const auto& line) {
                         gate.Wait();
                         return line;
                       }});
    const std::string requests = Numbered(100);
    std::vector<Client> clients;
    for (int i = 0; i < 5; ++i) {
      clients.emplace_back(server.address());
      clients.back().Send(requests);
    }
    ASSERT_TRUE(Eventually([&] { return server.counters.accepted == 500U; }));
    auto stopping =
        std::async(std::launch::async, [&] { server.server().Stop(); });
    EXPECT_EQ(stopping.wait_for(20ms), std::future_status::timeout);
    gate.Open();
    for (Client& client : clients) {
      EXPECT_TRUE(client.ReceiveToEnd() == requests);
      client.Close();  // which ends the lingering
    }
    stopping.get();
    EXPECT_EQ(server.counters.answered, 500U);
    server.ExpectAtRest();
  }
}

TEST_P(PipelineTest, F23_WhatTheDrainTimeoutCutsOffIsLost) {
  Gate gate;
  LineServer server(
      backend(),
      {.workers = 1, .drain_timeout = 30ms, .compute = [&](const auto& line) {
         gate.Wait();
         return line;
       }});
  Client client(server.address());
  client.Send(Numbered(10));
  ASSERT_TRUE(Eventually([&] { return server.counters.accepted == 10U; }));
  server.server().Stop();
  EXPECT_TRUE(client.SeesTheEnd());
  gate.Open();
  server.pool().Join();
  server.server().Run([] {});
  EXPECT_TRUE(Eventually([&] { return server.counters.lost == 10U; }));
  server.ExpectAtRest();
}

TEST_P(PipelineTest, K02_ARequestThatAStoppedPoolRefusesIsLost) {
  LineServer server(backend(), {});
  Client client(server.address());
  client.Echo("x\n");
  server.pool().Stop();
  client.Send("y\nz\n");
  EXPECT_EQ(client.ReceiveToEnd(), "");
  EXPECT_EQ(server.counters.lost, 1U);
  server.ExpectAtRest();
}

TEST_P(PipelineTest, K03_ARequestThatThrowsEndsItsConnectionAlone) {
  LineServer server(backend(), {.compute = [](const auto& line) {
                      if (line == "bad\n") throw std::runtime_error("bad");
                      return line;
                    }});
  Client other(server.address());
  other.Echo("x\n");
  Client client(server.address());
  client.Send("good\nbad\nnever answered\n");
  EXPECT_EQ(client.ReceiveToEnd(), "good\n");
  other.Echo("y\n");
  // Told by the worker, after it has told the loop.
  EXPECT_TRUE(Eventually([&] { return server.exceptions == 1; }));
  EXPECT_TRUE(Eventually([&] { return server.counters.lost == 2U; }));
  server.ExpectAtRest();
}

TEST_P(PipelineTest, AFullPoolPausesReadingAndLosesNothing) {
  constexpr std::size_t kBound = 4;
  std::atomic<std::size_t> most{0};
  std::optional<LineServer> server;
  server.emplace(
      backend(),
      LineServer::Options{
          .workers = 2, .max_jobs = kBound, .compute = [&](const auto& line) {
            const std::size_t queued = server->pool().queued();
            if (queued > most) most = queued;
            return line;
          }});
  constexpr int kClients = 5;
  const std::string requests = Numbered(2000);
  std::vector<Client> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.emplace_back(server->address());
    clients.back().Send(requests);
  }
  for (Client& client : clients) ExpectReplies(client, requests);
  EXPECT_GT(server->pool().counters().full, 0U);
  EXPECT_LE(most, kBound + kClients);
  // Each is served as before.
  for (Client& client : clients) client.Echo("again\n");
  server->ExpectAtRest();
}

TEST_P(PipelineTest, F21_SendFromAnyThreadKeepsTheOrderOfThatThread) {
  // Each of the worker's sends, and the reply behind them.
  std::promise<std::shared_ptr<Connection>> opened;
  TcpServer::Options options = EchoOptions(1);
  options.connection.callbacks.on_open = [&](Connection& connection) {
    opened.set_value(connection.shared_from_this());
  };
  ServerThread server(backend(), options);
  Client client(server.address());
  const std::shared_ptr<Connection> connection = opened.get_future().get();
  constexpr int kSends = 1000;
  std::vector<std::thread> threads;
  for (const char name : {'a', 'b', 'c'}) {
    threads.emplace_back([&, name] {
      for (int i = 0; i < kSends; ++i) {
        connection->Send(name + std::to_string(10'000 + i));
      }
    });
  }
  std::map<char, int> next;
  for (int i = 0; i < 3 * kSends; ++i) {
    const std::string message = client.Receive(6);
    EXPECT_EQ(std::stoi(message.substr(1)), 10'000 + next[message[0]]++);
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_P(PipelineTest, K05_ConnectionsEndWhileWorkersHoldThem) {
  // Clients of every kind of rudeness against workers that are in the midst of
  // their requests.
  LineServer server(backend(), {.workers = 4, .compute = [](const auto& line) {
                                  std::this_thread::yield();
                                  return line;
                                }});
  const std::string requests = Numbered(50);
  constexpr int kClients = 200;
  for (int i = 0; i < kClients; ++i) {
    Client client(server.address());
    client.Send(requests);
    if (i % 4 == 0) client.Reset();
    if (i % 4 == 1) client.ShutdownWrite();
    if (i % 4 == 2) client.Receive(10);
  }
  EXPECT_TRUE(Eventually([&] { return server.closed == kClients; }));
  EXPECT_TRUE(Eventually([&] {
    return server.counters.accepted ==
           server.counters.answered + server.counters.dropped;
  }));
  EXPECT_EQ(server.server().server().connections(), 0U);
}

TEST_P(PipelineTest, K06_TheServerGoesWhileWorkersCompute) {
  Gate gate;
  LineServer server(backend(), {.compute = [&](const auto& line) {
                      gate.Wait();
                      return line;
                    }});
  Client client(server.address());
  client.Send(Numbered(10));
  ASSERT_TRUE(Eventually([&] { return server.counters.accepted == 10U; }));
  gate.Open();
  // As documented: the pool first, then the loops.
  server.pool().Join();
  server.server().DestroyServer();
  EXPECT_TRUE(client.SeesTheEnd());
}

INSTANTIATE_TEST_SUITE_P(Backends, PipelineTest, EveryBackend(), BackendOf);

}  // namespace
}  // namespace polymux
