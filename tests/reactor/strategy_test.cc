#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <future>
#include <numeric>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "reactor/tcp_server.h"
#include "tests/reactor/support.h"

// How a server's connections come to its loops (F16, G-08, G-09).

namespace polymux {
namespace {

constexpr std::array kStrategies = {
    Strategy::kRoundRobin, Strategy::kLeastConnections, Strategy::kReusePort};

// What `counter` is in each sub-loop.
std::vector<std::uint64_t> OfSubLoops(ServerThread& server,
                                      const std::string& counter) {
  std::vector<std::uint64_t> values;
  for (const TcpServer::LoopReport& report : server.Reports()) {
    if (report.name == "main") continue;
    values.push_back(CounterOf(report.counters, counter));
  }
  return values;
}

std::uint64_t Sum(const std::vector<std::uint64_t>& values) {
  return std::accumulate(values.begin(), values.end(), std::uint64_t{0});
}

// Connected, and served: a connect succeeds before anybody accepts.
std::vector<Client> ServedClients(const InetAddress& address,
                                  std::size_t count) {
  std::vector<Client> clients;
  for (std::size_t i = 0; i < count; ++i) clients.emplace_back(address);
  for (Client& client : clients) client.Echo("x");
  return clients;
}

class StrategyTest : public BackendTest {
 protected:
  static TcpServer::Options Options(Strategy strategy, int reactors) {
    TcpServer::Options options = EchoOptions(reactors);
    options.strategy = strategy;
    return options;
  }
};

TEST_P(StrategyTest, EachServesWithAnyNumberOfLoops) {
  for (const Strategy strategy : kStrategies) {
    for (const int reactors : {0, 1, 3}) {
      SCOPED_TRACE(reactors);
      ServerThread server(backend(), Options(strategy, reactors));
      const std::vector<Client> clients = ServedClients(server.address(), 10);
      EXPECT_EQ(server.Count("opened"), 10U);
      EXPECT_EQ(server.server().connections(), 10U);
    }
  }
}

TEST_P(StrategyTest, F16_ConnectionsAreSpread) {
  // With both ends here, what select can hold.
  constexpr std::size_t kConnections = 400;
  for (const Strategy strategy : kStrategies) {
    SCOPED_TRACE(static_cast<int>(strategy));
    ServerThread server(backend(), Options(strategy, 4));
    const std::vector<Client> clients =
        ServedClients(server.address(), kConnections);
    const std::vector<std::uint64_t> opened = OfSubLoops(server, "opened");
    EXPECT_EQ(Sum(opened), kConnections);
    const auto [least, most] = std::ranges::minmax(opened);
    if (strategy == Strategy::kReusePort) {
      // The kernel throws dice; this much would be eight deviations.
      EXPECT_LE(most, 3 * least);
    } else {
      EXPECT_EQ(least, kConnections / 4);
      EXPECT_EQ(most, kConnections / 4);
    }
  }
}

TEST_P(StrategyTest, F16_LeastConnectionsEvensOutWhoLeft) {
  ServerThread server(backend(), Options(Strategy::kLeastConnections, 2));
  std::vector<Client> clients = ServedClients(server.address(), 20);
  // They came in turn: those of one loop leave.
  for (std::size_t i = 0; i < clients.size(); i += 2) clients[i].Close();
  ASSERT_TRUE(Eventually([&] { return server.server().connections() == 10; }));
  const std::vector<Client> later = ServedClients(server.address(), 10);
  const std::vector<std::uint64_t> opened = OfSubLoops(server, "opened");
  const std::vector<std::uint64_t> closed = OfSubLoops(server, "closed");
  EXPECT_EQ(opened[0] - closed[0], 10U);
  EXPECT_EQ(opened[1] - closed[1], 10U);
}

TEST_P(StrategyTest, G08_TcpReuseport) {
  // Each loop accepts for itself, and serves what it has accepted.
  ServerThread server(backend(), Options(Strategy::kReusePort, 2));
  const std::vector<Client> clients = ServedClients(server.address(), 100);
  std::uint64_t sum = 0;
  for (const TcpServer::LoopReport& report : server.Reports()) {
    const std::uint64_t accepted = CounterOf(report.counters, "accepts") -
                                   CounterOf(report.counters, "eagain_accepts");
    EXPECT_EQ(accepted, CounterOf(report.counters, "opened")) << report.name;
    EXPECT_EQ(accepted == 0, report.name == "main") << report.name;
    sum += accepted;
  }
  EXPECT_EQ(sum, 100U);
}

TEST_P(StrategyTest, G08_TwoServersShareAPortOnlyWhenBothAskForIt) {
  ServerThread first(backend(), Options(Strategy::kReusePort, 1));
  TcpServer::Options options = Options(Strategy::kReusePort, 1);
  options.address = first.address();
  {
    ServerThread second(backend(), options);
    EXPECT_EQ(second.address().port(), first.address().port());
    const std::vector<Client> clients = ServedClients(first.address(), 60);
    EXPECT_EQ(first.Count("opened") + second.Count("opened"), 60U);
    EXPECT_GT(first.Count("opened"), 0U);
    EXPECT_GT(second.Count("opened"), 0U);
  }
  options.strategy = Strategy::kRoundRobin;
  EXPECT_THROW(ServerThread(backend(), options), std::system_error);
  ServedClients(first.address(), 3);
}

TEST_P(StrategyTest, G09_ReuseportStop) {
  // Clients whose connections wait in the queues while the loops are busy: a
  // stop takes them all, and none is reset.
  constexpr std::size_t kClients = 40;
  for (const Strategy strategy : kStrategies) {
    SCOPED_TRACE(static_cast<int>(strategy));
    TcpServer::Options options = Options(strategy, 2);
    std::promise<void> go_on;
    const std::shared_future<void> may_go_on = go_on.get_future().share();
    std::atomic<int> busy{0};
    options.connection.callbacks.on_message = [&](Connection&, Buffer& input) {
      input.Clear();
      ++busy;
      may_go_on.wait();
    };
    ServerThread server(backend(), options);
    // At least one connection of each loop keeps it busy; then the queues fill.
    std::vector<Client> first;
    while (std::ranges::count(OfSubLoops(server, "opened"), 0U) > 0) {
      first.emplace_back(server.address());
      ASSERT_TRUE(
          Eventually([&] { return server.Count("opened") == first.size(); }));
    }
    for (Client& client : first) client.Send("x");
    ASSERT_TRUE(Eventually([&] { return busy == 2; }));
    std::promise<void> stopped;
    std::vector<Client> queued;
    server.Run([&] {
      for (std::size_t i = 0; i < kClients; ++i) {
        queued.emplace_back(server.address());
      }
      server.server().Stop([&] { stopped.set_value(); });
    });
    go_on.set_value();
    stopped.get_future().get();
    EXPECT_EQ(server.Count("opened"), first.size() + kClients);
    for (Client& client : queued) EXPECT_EQ(client.ReceiveToEnd(), "");
    EXPECT_THROW(Client{server.address()}, std::system_error);
  }
}

TEST_P(StrategyTest, TheLimitIsTheSumOfAllLoops) {
  for (const Strategy strategy : kStrategies) {
    SCOPED_TRACE(static_cast<int>(strategy));
    TcpServer::Options options = Options(strategy, 3);
    options.max_connections = 20;
    ServerThread server(backend(), options);
    std::vector<Client> clients;
    for (int i = 0; i < 50; ++i) clients.emplace_back(server.address());
    EXPECT_TRUE(
        Eventually([&] { return server.Count("rejected_limit") == 30; }));
    EXPECT_EQ(server.server().connections(), 20U);
  }
}

TEST_P(StrategyTest, DestroyedWithConnectionsOpenAndQueued) {
  for (const int reactors : {0, 2}) {
    for (const bool started : {true, false}) {
      EventLoop loop(backend());
      std::optional<TcpServer> server;
      server.emplace(&loop, backend(), Options(Strategy::kReusePort, reactors));
      if (started) server->Start();
      const InetAddress address = server->address();
      std::vector<Client> clients;
      for (int i = 0; i < 20; ++i) clients.emplace_back(address);
      server.reset();
      loop.Quit();  // after one iteration, which closes what was given up
      EXPECT_FALSE(loop.Run());
      for (Client& client : clients) EXPECT_TRUE(client.SeesTheEnd());
      EXPECT_THROW(Client{address}, std::system_error);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, StrategyTest, EveryBackend(), BackendOf);

}  // namespace
}  // namespace polymux
