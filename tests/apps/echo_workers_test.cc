// echo_server with workers and each way of spreading connections, from outside
// (F05, F16, F17, F23).

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "apps/build_info.h"
#include "tests/apps/echo_server_process.h"
#include "tests/apps/process.h"
#include "tests/reactor/support.h"

namespace polymux {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using SteadyClock = std::chrono::steady_clock;

// echo_server with its statistics in a file of its own.
class Server {
 public:
  Server(const std::string& backend, std::vector<std::string> flags)
      : statistics_(testing::TempDir() + "/workers-" +
                    std::to_string(::getpid()) + "-" + std::to_string(++last)),
        server_(WithOutput(backend, statistics_, std::move(flags))) {}
  ~Server() { std::filesystem::remove(statistics_); }

  Process& process() { return server_.process(); }
  const InetAddress& address() const { return server_.address(); }

  // How many threads there are of each name.
  std::map<std::string, int> Threads() {
    std::map<std::string, int> threads;
    const std::string tasks =
        "/proc/" + std::to_string(process().pid()) + "/task";
    for (const auto& task : std::filesystem::directory_iterator(tasks)) {
      std::ifstream file(task.path() / "comm");
      std::string name;
      std::getline(file, name);
      ++threads[name];
    }
    return threads;
  }

  // The next line of statistics, asked for by SIGUSR1 or written at the end.
  Json Snapshot() {
    process().Signal(SIGUSR1);
    return NextLine();
  }
  Json NextLine() {
    std::vector<std::string> lines;
    const bool came = Eventually([&] {
      lines.clear();
      std::ifstream file(statistics_);
      for (std::string line; std::getline(file, line);) lines.push_back(line);
      return lines.size() > seen_;
    });
    if (!came) throw std::runtime_error("no statistics: " + process().Errors());
    return Json::parse(lines.at(seen_++));
  }

 private:
  static std::vector<std::string> WithOutput(const std::string& backend,
                                             const std::string& statistics,
                                             std::vector<std::string> flags) {
    flags.push_back("--backend=" + backend);
    flags.push_back("--stats-json=" + statistics);
    return flags;
  }

  static inline int last = 0;
  const std::string statistics_;
  EchoServer server_;
  std::size_t seen_ = 0;
};

class EchoWorkersTest : public BackendTest {};

TEST_P(EchoWorkersTest, F05_OneThreadForEachReactorAndEachWorkerAndTheLog) {
  if (ThisBuild().sanitizer == std::string_view("thread")) {
    GTEST_SKIP() << "ThreadSanitizer has a thread of its own";
  }
  Server server(GetParam(), {"--reactors=2", "--workers=3"});
  Client(server.address()).Echo("hello");
  const std::map<std::string, int> expected = {
      {"echo_server", 1}, {"log", 1},    {"io-0", 1},  {"io-1", 1},
      {"work-0", 1},      {"work-1", 1}, {"work-2", 1}};
  // A thread names itself.
  EXPECT_TRUE(Eventually([&] { return server.Threads() == expected; }));
}

TEST_P(EchoWorkersTest, EchoesWithWorkers) {
  Server server(GetParam(), {"--workers=3", "--reactors=2", "--work-us=10"});
  std::vector<Client> clients;
  for (int i = 0; i < 10; ++i) clients.emplace_back(server.address());
  for (const std::size_t size : {1U, 1'000U, 100'000U}) {
    for (Client& client : clients) client.Echo(Pattern(size));
  }
}

// Whether 99 of 100 connections are served within 20 ms each while another one
// of the same loop has its job of 500 ms done.
bool OthersAreQuick(const Server& server) {
  Client slow(server.address());
  slow.Send("slow");
  // The second worker has the same work to do, so what is looked at is what a
  // loop does by itself: connections come and go.
  std::vector<SteadyClock::duration> times(100);
  for (SteadyClock::duration& time : times) {
    const auto start = SteadyClock::now();
    Client client(server.address());
    client.ShutdownWrite();
    EXPECT_EQ(client.ReceiveToEnd(), "");
    time = SteadyClock::now() - start;
  }
  std::ranges::sort(times);
  const bool meanwhile = slow.ReceiveSome().empty();
  if (meanwhile) {
    EXPECT_EQ(slow.Receive(4), "slow");
  }
  return meanwhile && times[98] < 20ms;
}

TEST_P(EchoWorkersTest, F17_ASlowJobLeavesOthersOfItsLoopQuick) {
  const Server server(GetParam(),
                      {"--reactors=1", "--workers=2", "--work-us=500000"});
  // Where the job runs on the loop, no attempt succeeds; a machine that stalls
  // spoils one or two.
  EXPECT_TRUE(Eventually([&] { return OthersAreQuick(server); }));
}

TEST_P(EchoWorkersTest, F17_WithoutWorkersTheReactorComputes) {
  Server server(GetParam(), {"--reactors=1", "--work-us=200000"});
  Client slow(server.address());
  Client other(server.address());
  const auto start = SteadyClock::now();
  slow.Send("slow");
  EXPECT_EQ(slow.Receive(4), "slow");
  EXPECT_GE(SteadyClock::now() - start, 200ms);
}

TEST_P(EchoWorkersTest, F23_SigtermAnswersWhatHasBeenReceived) {
  Server server(GetParam(), {"--workers=2", "--reactors=2", "--work-us=20000"});
  std::vector<Client> clients;
  for (int i = 0; i < 20; ++i) {
    clients.emplace_back(server.address());
    clients.back().Send("request");
  }
  ASSERT_TRUE(Eventually(
      [&] { return server.Snapshot().at("requests").at("accepted") == 20; }));
  server.process().Signal(SIGTERM);
  for (Client& client : clients) EXPECT_EQ(client.ReceiveToEnd(), "request");
  EXPECT_EQ(server.process().Wait(), 0) << server.process().Errors();
  const Json last = server.NextLine();
  EXPECT_EQ(last.at("final"), true);
  EXPECT_EQ(last.at("requests").at("accepted"), 20);
  EXPECT_EQ(last.at("requests").at("answered"), 20);
  EXPECT_EQ(last.at("requests").at("lost"), 0);
  EXPECT_NE(server.process().Errors().find(
                "accepted 20, answered 20, dropped 0, lost 0"),
            std::string::npos)
      << server.process().Errors();
}

// On one backend, for it takes the whole of the drain timeout.
TEST(EchoWorkersLossTest, F23_ALossIsCountedAndTheExitCode) {
  // Ten seconds of work for one worker, and half of that to drain.
  Server server(std::string(DefaultBackend().name),
                {"--workers=1", "--work-us=1000000"});
  std::vector<Client> clients;
  for (int i = 0; i < 10; ++i) {
    clients.emplace_back(server.address());
    clients.back().Send("request");
  }
  ASSERT_TRUE(Eventually(
      [&] { return server.Snapshot().at("requests").at("accepted") == 10; }));
  server.process().Signal(SIGTERM);
  EXPECT_EQ(server.process().Wait(), 1) << server.process().Errors();
  Json last = server.NextLine();
  while (last.at("final") == false) last = server.NextLine();
  const Json& requests = last.at("requests");
  EXPECT_GT(requests.at("lost"), 0);
  EXPECT_EQ(requests.at("accepted").get<int>(),
            requests.at("answered").get<int>() +
                requests.at("dropped").get<int>() +
                requests.at("lost").get<int>());
}

TEST_P(EchoWorkersTest, F18_ClientsThatGoBeforeTheirReply) {
  Server server(GetParam(), {"--workers=2", "--work-us=1000"});
  for (int i = 0; i < 100; ++i) {
    Client client(server.address());
    client.Send("never read");
    if (i % 2 == 0) client.Reset();
  }
  Client(server.address()).Echo("alive");
  server.process().Signal(SIGTERM);
  EXPECT_EQ(server.process().Wait(), 0) << server.process().Errors();
}

TEST_P(EchoWorkersTest, AFloodFillsTheQueueAndLosesNothing) {
  // 100 ms of work for one worker, which comes much faster than that.
  Server server(GetParam(),
                {"--workers=1", "--worker-queue=4", "--work-us=5000"});
  std::vector<Client> clients;
  for (int i = 0; i < 20; ++i) clients.emplace_back(server.address());
  const std::string message = Pattern(50'000);
  for (Client& client : clients) client.Send(message);
  for (Client& client : clients) {
    EXPECT_TRUE(client.Receive(message.size()) == message);
  }
  EXPECT_GT(server.Snapshot().at("requests").at("queue_full"), 0);
}

TEST_P(EchoWorkersTest, F16_AThousandConnectionsAreSpread) {
  // What select can hold beside its own descriptors.
  const std::size_t connections = backend().max_fd ? 900 : 1000;
  for (const std::string strategy :
       {"round-robin", "least-connections", "reuseport"}) {
    SCOPED_TRACE(strategy);
    Server server(GetParam(), {"--reactors=4", "--strategy=" + strategy});
    std::vector<Client> clients;
    for (std::size_t i = 0; i < connections; ++i) {
      clients.emplace_back(server.address());
    }
    for (Client& client : clients) client.Send("x");
    for (Client& client : clients) EXPECT_EQ(client.Receive(1), "x");
    std::vector<std::uint64_t> opened;
    const Json snapshot = server.Snapshot();
    for (const Json& loop : snapshot.at("loops")) {
      if (loop.at("name") == "main") continue;
      opened.push_back(loop.at("counters").at("opened"));
    }
    ASSERT_EQ(opened.size(), 4U);
    EXPECT_EQ(opened[0] + opened[1] + opened[2] + opened[3], connections);
    const auto [least, most] = std::ranges::minmax(opened);
    EXPECT_LE(most, 2 * least);
  }
}

TEST(EchoWorkersCommandLineTest, WrongUsageExits2) {
  for (const std::string flag :
       {"--workers=-1", "--workers=many", "--work-us=1ms", "--work-us=-1",
        "--worker-queue=0", "--strategy=random"}) {
    SCOPED_TRACE(flag);
    Process server({kEchoServer, flag});
    EXPECT_EQ(server.Wait(), 2);
    EXPECT_NE(server.Errors(), "");
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, EchoWorkersTest, EveryBackend(), BackendOf);

}  // namespace
}  // namespace polymux
