#include "reactor/tcp_server.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "reactor/length_framing.h"
#include "reactor/worker_pool.h"
#include "tests/reactor/support.h"

// Groups G and H of docs/conformance.md on whole servers: real threads, real
// sockets, blocking clients.

namespace polymux {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMiB = std::size_t{1} << 20;
// Far more than the buffers between the two ends take.
constexpr std::size_t kLarge = 8 * kMiB;

// Everything on the main loop; one sub-loop; several.
constexpr int kReactors[] = {0, 1, 3};

class TcpServerTest : public BackendTest {
 protected:
  // The name of a sub-loop, or of the main loop when there is none.
  static std::uint64_t OpenedIn(
      const std::vector<TcpServer::LoopReport>& reports,
      const std::string& name) {
    const auto found =
        std::ranges::find(reports, name, &TcpServer::LoopReport::name);
    EXPECT_NE(found, reports.end()) << name;
    return found == reports.end() ? 0 : CounterOf(found->counters, "opened");
  }
};

TEST_P(TcpServerTest, Echoes) {
  for (const int reactors : kReactors) {
    SCOPED_TRACE(reactors);
    ServerThread server(backend(), EchoOptions(reactors));
    std::vector<Client> clients;
    for (int i = 0; i < 20; ++i) clients.emplace_back(server.address());
    for (const std::size_t size : {1U, 100U, 10'000U, 100'000U}) {
      const std::string message = Pattern(size);
      for (Client& client : clients) client.Echo(message);
    }
    EXPECT_EQ(server.server().connections(), 20U);
  }
}

TEST_P(TcpServerTest, ListensOnIPv6) {
  TcpServer::Options options = EchoOptions(1);
  options.address = *InetAddress::Parse("::1", 0);
  ServerThread server(backend(), options);
  EXPECT_EQ(server.address().ToString(),
            "[::1]:" + std::to_string(server.address().port()));
  Client(server.address()).Echo("hello");
}

TEST_P(TcpServerTest, APortInUseThrows) {
  ServerThread server(backend(), EchoOptions(1));
  TcpServer::Options options = EchoOptions(1);
  options.address = server.address();
  EXPECT_THROW(ServerThread(backend(), options), std::system_error);
  Client(server.address()).Echo("undisturbed");
}

TEST_P(TcpServerTest, OptionsThatContradictEachOtherThrow) {
  const auto why_not = [this](auto change) -> std::string {
    TcpServer::Options options = EchoOptions(0);
    change(options.connection);
    EventLoop loop(backend());
    try {
      const TcpServer server(&loop, backend(), options);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  };
  using Options = Connection::Options;
  EXPECT_EQ(why_not([](Options&) {}), "");
  EXPECT_EQ(why_not([](Options& bad) { bad.low_water = bad.high_water + 1; }),
            "low_water must not exceed high_water");
  EXPECT_EQ(why_not([](Options& bad) { bad.high_water = bad.max_output + 1; }),
            "high_water must not exceed max_output");
  EXPECT_EQ(why_not([](Options& bad) { bad.timeouts.idle = -1ns; }),
            "timeouts.idle must not be negative");
  EXPECT_TRUE(why_not([](Options& bad) {
                bad.framing = std::make_shared<LengthFraming>(kLarge);
              }).starts_with("max_output must leave room"));
}

// Whose replies are taken late.
TEST_P(TcpServerTest, TheLargestFramesComeBackAtTheTightestLimits) {
  TcpServer::Options options = EchoOptions(1);
  options.connection.framing = std::make_shared<LengthFraming>(kMiB);
  options.connection.low_water = 0;
  options.connection.high_water = 1000;
  options.connection.max_output = options.connection.high_water +
                                  options.connection.framing->max_frame_size();
  options.connection.callbacks.on_frame = [](Connection& connection,
                                             std::string_view payload) {
    connection.SendFrame(payload);
  };
  ServerThread server(backend(), options);
  Client client(server.address(), 64 * 1024);
  const std::string frame = options.connection.framing->Encode(Pattern(kMiB));
  constexpr std::size_t kFrames = 4;
  std::thread sends([&] {
    for (std::size_t i = 0; i < kFrames; ++i) client.Send(frame);
  });
  EXPECT_TRUE(Eventually([&] { return server.Count("bytes_read") > kMiB; }));
  for (std::size_t i = 0; i < kFrames; ++i) {
    EXPECT_TRUE(client.Receive(frame.size()) == frame);
  }
  sends.join();
  EXPECT_EQ(server.Count("closed_output_limit"), 0U);
}

TEST_P(TcpServerTest, ConnectionsAreSpreadInTurn) {
  ServerThread server(backend(), EchoOptions(3));
  std::vector<Client> clients;
  for (int i = 0; i < 9; ++i) {
    clients.emplace_back(server.address());
    clients.back().Echo("x");
  }
  const auto reports = server.Reports();
  ASSERT_EQ(reports.size(), 4U);
  EXPECT_EQ(reports[0].name, "main");
  EXPECT_EQ(OpenedIn(reports, "main"), 0U);
  EXPECT_EQ(OpenedIn(reports, "io-0"), 3U);
  EXPECT_EQ(OpenedIn(reports, "io-1"), 3U);
  EXPECT_EQ(OpenedIn(reports, "io-2"), 3U);
}

TEST_P(TcpServerTest, WithoutReactorsTheMainLoopServes) {
  ServerThread server(backend(), EchoOptions(0));
  Client(server.address()).Echo("x");
  const auto reports = server.Reports();
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(OpenedIn(reports, "main"), 1U);
}

TEST_P(TcpServerTest, CallbacksRunInTheConnectionsLoop) {
  TcpServer::Options options = EchoOptions(3);
  std::atomic<int> calls{0};
  const auto check = [&calls](Connection& connection) {
    EXPECT_TRUE(connection.loop()->IsInLoopThread());
    ++calls;
  };
  options.connection.callbacks.on_open = check;
  options.connection.callbacks.on_close =
      [check](Connection& connection, CloseReason, std::error_code) {
        check(connection);
      };
  ServerThread server(backend(), options);
  for (int i = 0; i < 6; ++i) Client(server.address()).Echo("x");
  EXPECT_TRUE(Eventually([&] { return calls == 12; }));
}

TEST_P(TcpServerTest, H01_WriteALotBothWays) {
  for (const int reactors : {0, 1}) {
    ServerThread server(backend(), EchoOptions(reactors));
    Client client(server.address());
    const std::string bytes = Pattern(16 * kMiB);
    auto sender = std::async(std::launch::async, [&] { client.Send(bytes); });
    EXPECT_TRUE(client.Receive(bytes.size()) == bytes);
    sender.get();
    EXPECT_EQ(server.Count("bytes_read"), bytes.size());
    EXPECT_EQ(server.Count("bytes_written"), bytes.size());
  }
}

TEST_P(TcpServerTest, H05_HalfCloseReply) {
  const std::string reply = Pattern(kLarge);
  TcpServer::Options options = EchoOptions(1);
  options.connection.callbacks.on_message = [&reply](Connection& connection,
                                                     Buffer& input) {
    input.Clear();
    connection.Send(reply);
  };
  ServerThread server(backend(), options);
  Client client(server.address(), 4096);
  client.Send("request");
  client.ShutdownWrite();
  EXPECT_TRUE(client.ReceiveToEnd() == reply);
}

TEST_P(TcpServerTest, H14_ConnectThenSendBurst) {
  ServerThread server(backend(), EchoOptions(3));
  for (int i = 0; i < 200; ++i) {
    Client client(server.address());
    client.Send("burst");
    client.ShutdownWrite();
    ASSERT_EQ(client.ReceiveToEnd(), "burst");
  }
}

TEST_P(TcpServerTest, ManyConnections) {
  ServerThread server(backend(), EchoOptions(1));
  std::vector<Client> clients;
  // Two descriptors each, both in this process: select has 1024.
  for (int i = 0; i < 450; ++i) clients.emplace_back(server.address());
  for (int round = 0; round < 3; ++round) {
    for (Client& client : clients) client.Send("hello");
    for (Client& client : clients) ASSERT_EQ(client.Receive(5), "hello");
  }
}

TEST_P(TcpServerTest, G06_AStormOfConnectsDoesNotStarveTheEstablished) {
  ServerThread server(backend(), EchoOptions(0));
  Client established(server.address());
  established.Echo("before");
  std::atomic<bool> stop{false};
  std::atomic<int> connects{0};
  const auto storm = std::async(std::launch::async, [&] {
    while (connects < 2000 && !stop) {
      Client(server.address()).Reset();
      ++connects;
    }
  });
  ASSERT_TRUE(Eventually([&] { return connects > 0; }));
  for (int i = 0; i < 200; ++i) established.Echo("during");
  stop = true;
}

TEST_P(TcpServerTest, MaxConnectionsRejectsAreCounted) {
  TcpServer::Options options = EchoOptions(1);
  options.max_connections = 3;
  ServerThread server(backend(), options);
  std::vector<Client> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back(server.address());
    clients.back().Echo("x");
  }
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(Client(server.address()).SeesTheEnd());
  }
  EXPECT_EQ(server.Count("rejected_limit"), 2U);
  EXPECT_EQ(server.Count("opened"), 3U);
  for (Client& client : clients) client.Echo("still served");

  clients.pop_back();
  ASSERT_TRUE(Eventually([&] { return server.server().connections() == 2; }));
  Client(server.address()).Echo("room again");
}

// Raises the soft limit and fills all descriptors up to `number`.
class DescriptorsUpTo {
 public:
  explicit DescriptorsUpTo(int number) {
    Must(::getrlimit(RLIMIT_NOFILE, &before_));
    const rlimit raised{.rlim_cur = before_.rlim_max,
                        .rlim_max = before_.rlim_max};
    Must(::setrlimit(RLIMIT_NOFILE, &raised));
    int last = -1;
    while (last < number) {
      last = Must(::open("/dev/null", O_RDONLY | O_CLOEXEC));
      fillers_.emplace_back(last);
    }
  }
  DescriptorsUpTo(const DescriptorsUpTo&) = delete;
  DescriptorsUpTo& operator=(const DescriptorsUpTo&) = delete;
  ~DescriptorsUpTo() {
    fillers_.clear();
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }

 private:
  rlimit before_{};
  std::vector<UniqueFd> fillers_;
};

TEST_P(TcpServerTest, J01_DescriptorsAboveTheBackendsLimit) {
  for (const int reactors : {0, 1}) {
    SCOPED_TRACE(reactors);
    ServerThread server(backend(), EchoOptions(reactors));
    Client early(server.address());
    early.Echo("low");
    {
      const DescriptorsUpTo fillers(FD_SETSIZE);
      Client late(server.address());
      if (backend().max_fd) {
        EXPECT_TRUE(late.SeesTheEnd());
        EXPECT_TRUE(Eventually(
            [&] { return server.Count("rejected_descriptors") == 1; }));
        EXPECT_EQ(server.server().connections(), 1U);
      } else {
        late.Echo("high");
      }
      early.Echo("still served");
    }
    Client(server.address()).Echo("and new ones again");
  }
}

TEST_P(TcpServerTest, H18_FdLeakLoop) {
  TcpServer::Options options = EchoOptions(1);
  std::atomic<int> opened{0};
  std::atomic<int> closed{0};
  options.connection.callbacks.on_open = [&](Connection&) { ++opened; };
  options.connection.callbacks.on_close = [&](Connection&, CloseReason,
                                              std::error_code) { ++closed; };
  options.connection.callbacks.on_message = [](Connection& connection,
                                               Buffer& input) {
    const bool stop = input.view().front() == 's';
    connection.Send(input.view());
    input.Clear();
    if (stop) connection.Close();
  };
  ServerThread server(backend(), options);
  Client(server.address()).Echo("warm");
  ASSERT_TRUE(Eventually([&] { return closed == 1; }));
  const std::size_t before = OpenDescriptors();
  for (int i = 0; i < 10'000; ++i) {
    Client client(server.address());
    switch (i % 4) {
      case 0:
        client.Close();
        break;
      case 1:
        client.Reset();
        break;
      case 2:
        client.Send("stop");
        ASSERT_EQ(client.Receive(4), "stop");
        ASSERT_TRUE(client.SeesTheEnd());
        break;
      case 3:
        client.Send("x");
        client.Reset();
        break;
    }
  }
  EXPECT_TRUE(Eventually([&] { return closed == 10'001; }))
      << closed << " of " << opened << " closed";
  EXPECT_EQ(opened, 10'001);
  // One fewer when the first connection's was open still after its on_close.
  EXPECT_TRUE(Eventually([&] { return OpenDescriptors() <= before; }))
      << OpenDescriptors() << " descriptors, " << before << " before";
  EXPECT_EQ(server.server().connections(), 0U);
}

TEST_P(TcpServerTest, DestroyedWithOpenConnections) {
  for (const int reactors : kReactors) {
    SCOPED_TRACE(reactors);
    TcpServer::Options options = EchoOptions(reactors);
    std::atomic<int> closed{0};
    options.connection.callbacks.on_close = [&](Connection&, CloseReason reason,
                                                std::error_code) {
      EXPECT_EQ(reason, CloseReason::kLocal);
      ++closed;
    };
    ServerThread server(backend(), options);
    std::vector<Client> clients;
    for (int i = 0; i < 9; ++i) {
      clients.emplace_back(server.address());
      clients.back().Echo("x");
    }
    server.DestroyServer();
    EXPECT_EQ(closed, 9) << "on_close is called exactly once";
    for (Client& client : clients) EXPECT_TRUE(client.SeesTheEnd());
    EXPECT_THROW(Client{server.address()}, std::system_error);
  }
}

// A callback may post to the other loops, also the last one of a server that is
// being destroyed.
TEST_P(TcpServerTest, NoLoopEndsBeforeTheLastCallback) {
  std::mutex mutex;
  std::vector<EventLoop*> loops;
  std::atomic<int> closed{0};
  TcpServer::Options options = EchoOptions(3);
  options.connection.callbacks.on_open = [&](Connection& connection) {
    const std::lock_guard lock(mutex);
    loops.push_back(connection.loop());
  };
  options.connection.callbacks.on_close = [&](Connection& connection,
                                              auto&&...) {
    // The later the loop, the longer it takes.
    const auto place = std::ranges::find(loops, connection.loop());
    std::this_thread::sleep_for((place - loops.begin()) * 20ms);
    for (EventLoop* const loop : loops) loop->QueueInLoop([] {});
    ++closed;
  };
  ServerThread server(backend(), options);
  std::vector<Client> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back(server.address());
    clients.back().Echo("x");
  }
  ASSERT_EQ(loops.size(), 3U);
  server.DestroyServer();
  EXPECT_EQ(closed, 3);
}

TEST_P(TcpServerTest, DestroyedWithOutputPendingAndConnectionsInTheQueue) {
  TcpServer::Options options = EchoOptions(3);
  options.connection.callbacks.on_open = [](Connection& connection) {
    connection.Send(Pattern(kMiB));
  };
  for (int i = 0; i < 5; ++i) {
    ServerThread server(backend(), options);
    std::vector<Client> clients;
    for (int j = 0; j < 20; ++j) clients.emplace_back(server.address());
    server.DestroyServer();
  }
}

TEST_P(TcpServerTest, AConnectionIsKeptBeyondItsServer) {
  std::promise<std::shared_ptr<Connection>> promise;
  std::shared_ptr<Connection> kept;
  {
    TcpServer::Options options = EchoOptions(1);
    options.connection.callbacks.on_open = [&](Connection& connection) {
      promise.set_value(connection.shared_from_this());
    };
    ServerThread server(backend(), options);
    Client client(server.address());
    kept = promise.get_future().get();
    client.Echo("x");
    server.DestroyServer();
    EXPECT_TRUE(client.SeesTheEnd());
  }
  EXPECT_TRUE(kept->closed());
  EXPECT_EQ(kept->peer().family(), AF_INET);
}

TEST_P(TcpServerTest, K05_WorkersSendAndClose) {
  // Connections in the hands of threads that are not their loop's, closing at
  // the same time as their peers do.
  constexpr int kConnections = 100;
  std::promise<void> all;
  std::vector<std::shared_ptr<Connection>> held;
  std::atomic<int> closed{0};
  TcpServer::Options options = EchoOptions(1);
  options.connection.callbacks.on_open = [&](Connection& connection) {
    held.push_back(connection.shared_from_this());
    if (held.size() == kConnections) all.set_value();
  };
  options.connection.callbacks.on_close = [&](Connection&, CloseReason,
                                              std::error_code) { ++closed; };
  ServerThread server(backend(), options);
  std::vector<Client> clients;
  for (int i = 0; i < kConnections; ++i) clients.emplace_back(server.address());
  all.get_future().get();
  std::vector<std::thread> workers;
  for (std::size_t w = 0; w < 3; ++w) {
    workers.emplace_back([&held, w] {
      for (std::size_t i = 0; i < held.size(); ++i) {
        held[i]->Send("from a worker");
        if (i % 3 == w) held[i]->Close();
        if (i % 3 != w) held[i]->Shutdown();
      }
    });
  }
  for (std::size_t i = 0; i < clients.size(); i += 2) clients[i].Reset();
  for (std::thread& worker : workers) worker.join();
  EXPECT_TRUE(Eventually([&] { return closed == kConnections; }));
  held.clear();  // in a thread that is not the loop's
}

TEST_P(TcpServerTest, StopWithoutConnections) {
  for (const int reactors : kReactors) {
    ServerThread server(backend(), EchoOptions(reactors));
    server.Stop();
    EXPECT_THROW(Client{server.address()}, std::system_error);
  }
}

TEST_P(TcpServerTest, StopClosesIdleConnections) {
  for (const int reactors : kReactors) {
    SCOPED_TRACE(reactors);
    ServerThread server(backend(), EchoOptions(reactors));
    std::vector<Client> clients;
    for (int i = 0; i < 9; ++i) {
      clients.emplace_back(server.address());
      clients.back().Echo("x");
    }
    server.Stop();
    EXPECT_EQ(server.server().connections(), 0U);
    for (Client& client : clients) EXPECT_EQ(client.ReceiveToEnd(), "");
  }
}

TEST_P(TcpServerTest, H16_StopDrainsPendingOutput) {
  for (const int reactors : kReactors) {
    SCOPED_TRACE(reactors);
    const std::string reply = Pattern(kLarge);
    TcpServer::Options options = EchoOptions(reactors);
    options.drain_timeout = kPatience;
    options.connection.callbacks.on_open = [&reply](Connection& connection) {
      connection.Send(reply);
    };
    ServerThread server(backend(), options);
    Client client(server.address());
    EXPECT_TRUE(client.Receive(1) == reply.substr(0, 1));
    auto rest = std::async(std::launch::async, [&] {
      std::this_thread::sleep_for(20ms);
      std::string received = client.ReceiveToEnd();
      client.Close();
      return received;
    });
    server.Stop();
    EXPECT_TRUE(rest.get() == reply.substr(1)) << "Stop lost output";
  }
}

TEST_P(TcpServerTest, StopGivesUpAfterTheDrainTimeout) {
  for (const int reactors : kReactors) {
    SCOPED_TRACE(reactors);
    TcpServer::Options options = EchoOptions(reactors);
    options.drain_timeout = 50ms;
    options.connection.callbacks.on_open = [](Connection& connection) {
      connection.Send(Pattern(kLarge));
    };
    ServerThread server(backend(), options);
    Client never_reads(server.address());
    never_reads.Receive(1);
    const TimePoint start = Clock::Monotonic().Now();
    server.Stop();
    EXPECT_GE(Clock::Monotonic().Now() - start, options.drain_timeout);
    EXPECT_EQ(server.server().connections(), 0U);
    EXPECT_TRUE(never_reads.SeesTheEnd());
  }
}

// CONFORMANCE.md 51 (node#25007, componentkit): exit destroys the static
// objects while the other loops and the workers go on.
TEST_P(TcpServerTest, K08_ExitWhileEverythingRuns) {
  const auto exit_from_a_loop = [this] {
    WorkerPool pool({.threads = 2, .on_exception = [](std::exception_ptr) {}});
    TcpServer::Options options = EchoOptions(2);
    options.connection.callbacks.on_message = [](Connection&, Buffer& input) {
      if (input.view().find("exit") != std::string_view::npos) std::exit(3);
      input.Clear();
    };
    ServerThread server(backend(), options);
    Client busy(server.address());
    Client last(server.address());
    Strand strand(&pool);
    last.Send("exit");
    for (;;) {
      busy.SendSome("x");
      strand.Offer([] {});
    }
  };
  for (int i = 0; i < 5; ++i) {
    EXPECT_EXIT(exit_from_a_loop(), testing::ExitedWithCode(3), "^$");
  }
}

TEST_P(TcpServerTest, TheSecondStopIsIgnored) {
  for (const int reactors : kReactors) {
    ServerThread server(backend(), EchoOptions(reactors));
    Client client(server.address());
    client.Echo("x");
    std::atomic<int> stopped{0};
    std::atomic<int> stopped_again{0};
    server.Run([&] {
      server.server().Stop([&] { ++stopped; });
      EXPECT_EQ(stopped, 0) << "called from within Stop";
      server.server().Stop([&] { ++stopped_again; });
    });
    EXPECT_TRUE(Eventually([&] { return stopped == 1; }));
    server.Run([&] { server.server().Stop([&] { ++stopped_again; }); });
    server.Run([] {});
    EXPECT_EQ(stopped, 1);
    EXPECT_EQ(stopped_again, 0);
  }
}

TEST_P(TcpServerTest, OnStoppedMayDestroyTheServer) {
  for (const int reactors : kReactors) {
    EventLoop loop(backend());
    std::optional<TcpServer> server;
    server.emplace(&loop, backend(), EchoOptions(reactors));
    server->Start();
    loop.QueueInLoop([&] {
      server->Stop([&] {
        server.reset();
        loop.Quit();
      });
    });
    EXPECT_FALSE(loop.Run());
    EXPECT_FALSE(server);
  }
}

TEST_P(TcpServerTest, DestroyedWhileStopping) {
  for (const int reactors : kReactors) {
    SCOPED_TRACE(reactors);
    TcpServer::Options options = EchoOptions(reactors);
    options.drain_timeout = kPatience;
    options.connection.callbacks.on_open = [](Connection& connection) {
      connection.Send(Pattern(kLarge));
    };
    ServerThread server(backend(), options);
    Client client(server.address());
    client.Receive(1);
    std::atomic<int> stopped{0};
    server.Run([&] { server.server().Stop([&] { ++stopped; }); });
    server.DestroyServer();
    EXPECT_TRUE(client.SeesTheEnd());
    server.Run([] {});
    EXPECT_EQ(stopped, 0);
  }
}

TEST_P(TcpServerTest, TheDeadlineOfAStopEndsWithItsServer) {
  for (const int reactors : kReactors) {
    SCOPED_TRACE(reactors);
    TcpServer::Options options = EchoOptions(reactors);
    options.drain_timeout = 20ms;
    options.connection.callbacks.on_open = [](Connection& connection) {
      connection.Send(Pattern(kLarge));
    };
    ServerThread server(backend(), options);
    Client client(server.address());
    client.Receive(1);
    std::atomic<int> stopped{0};
    // Both in one call, for between two the deadline may pass.
    server.Run([&] {
      server.server().Stop([&] { ++stopped; });
      server.ResetServer();
    });
    std::this_thread::sleep_for(2 * options.drain_timeout);
    server.Run([] {});
    EXPECT_EQ(stopped, 0);
  }
}

TEST_P(TcpServerTest, ACrowdThatConnectsDuringStopIsTurnedAway) {
  ServerThread server(backend(), EchoOptions(3));
  std::atomic<bool> stop{false};
  auto crowd = std::async(std::launch::async, [&] {
    try {
      while (!stop) Client(server.address()).SeesTheEnd();
    } catch (const std::system_error&) {
      // Refused: nobody listens any more.
    }
  });
  // SeesTheEnd waits for the server to end it, which Stop does.
  std::this_thread::sleep_for(5ms);
  server.Stop();
  stop = true;
  crowd.get();
  EXPECT_EQ(server.server().connections(), 0U);
}

TEST_P(TcpServerTest, CountersTellWhatHappened) {
  constexpr std::uint64_t kClients = 6;
  constexpr std::uint64_t kMessages = 50;
  constexpr std::size_t kSize = 200;
  for (const int reactors : kReactors) {
    SCOPED_TRACE(reactors);
    ServerThread server(backend(), EchoOptions(reactors));
    // Whether there was a descriptor left was tried before.
    const std::uint64_t at_start = server.Count("closes");
    const std::string message = Pattern(kSize);
    {
      std::vector<Client> clients;
      for (std::uint64_t i = 0; i < kClients; ++i) {
        clients.emplace_back(server.address());
        for (std::uint64_t j = 0; j < kMessages; ++j) {
          clients.back().Echo(message);
        }
      }
      EXPECT_EQ(server.Count("opened"), kClients);
      EXPECT_EQ(server.Count("closed"), 0U);
      EXPECT_EQ(server.Count("reads"), kClients * kMessages);
      EXPECT_EQ(server.Count("eagain_reads"), 0U);
      EXPECT_EQ(server.Count("modifies"), 0U);
    }
    ASSERT_TRUE(Eventually(
        [&] { return server.Count("closes") - at_start == kClients; }));
    EXPECT_EQ(server.Count("closed"), kClients);
    EXPECT_EQ(server.Count("bytes_read"), kClients * kMessages * kSize);
    EXPECT_EQ(server.Count("bytes_written"), kClients * kMessages * kSize);
    EXPECT_EQ(server.Count("writes"), kClients * kMessages);
    // Each end of a stream is one more read.
    EXPECT_EQ(server.Count("reads"), kClients * (kMessages + 1));
    EXPECT_EQ(server.Count("accepts") - server.Count("eagain_accepts"),
              kClients);
    EXPECT_EQ(server.Count("adds") - server.Count("removes"),
              // The eventfd and the timerfd of each loop, and the listener.
              2U * static_cast<unsigned>(reactors + 1) + 1U);
    EXPECT_EQ(server.Count("dropped"), 0U);
    EXPECT_EQ(server.Count("rejected_limit"), 0U);
    EXPECT_EQ(server.Count("rejected_descriptors"), 0U);
  }
}

// Issue 14: while the kernel made it larger, nothing was accepted for so long
// that a burst overflowed the queue, and clients waited a second.
TEST(TcpServerStartTest, TheTableOfDescriptorsIsLargeEnoughFromTheStart) {
  const auto size = [] {
    std::ifstream status("/proc/self/status");
    std::string key;
    std::size_t value = 0;
    while (status >> key && key != "FDSize:") {
    }
    status >> value;
    return value;
  };
  EventLoop loop(DefaultBackend());
  TcpServer::Options options;
  options.address = *InetAddress::Parse("127.0.0.1", 0);
  options.max_connections = size() + 1;
  const TcpServer server(&loop, options);
  EXPECT_GT(size(), options.max_connections);
}

TEST_P(TcpServerTest, ACallbackThatThrowsCostsItsConnectionAlone) {
  for (const int reactors : kReactors) {
    SCOPED_TRACE(reactors);
    std::atomic<int> told{0};
    TcpServer::Options options = EchoOptions(reactors);
    options.on_exception = [&](std::exception_ptr) { ++told; };
    options.connection.callbacks.on_message = [](Connection& connection,
                                                 Buffer& input) {
      if (input.view() == "throw") throw std::runtime_error("thrown");
      connection.Send(input.view());
      input.Clear();
    };
    ServerThread server(backend(), options);
    server.Run([&] { server.loop()->SetOnException(options.on_exception); });
    Client bystander(server.address());
    bystander.Echo("before");
    for (int i = 1; i <= 3; ++i) {
      Client client(server.address());
      client.Echo("fine");
      client.Send("throw");
      EXPECT_TRUE(client.SeesTheEnd());
      EXPECT_TRUE(Eventually([&] { return told == i; }));
    }
    bystander.Echo("after");
    EXPECT_EQ(server.Count("closed_exception"), 3U);
    EXPECT_EQ(server.Count("exceptions"), 3U);
  }
}

// Finds nothing ready, and fails as soon as it is told to.
class BreakablePoller final : public Poller {
 public:
  explicit BreakablePoller(const Backend& backend) : Poller(backend) {}

  static inline std::atomic<bool> broken{false};

 private:
  std::error_code Change(int, Interest, Interest, std::uint64_t) override {
    return {};
  }
  std::error_code Collect(int, std::span<Event>, std::size_t*) override {
    std::this_thread::sleep_for(1ms);
    if (!broken) return {};
    return std::make_error_code(std::errc::not_enough_memory);
  }
};

TEST(TcpServerErrorTest, ASubLoopThatFailsIsToldAndItsConnectionsAreClosed) {
  static Backend backend = Backends().front();
  backend.create = []() -> std::unique_ptr<Poller> {
    return std::make_unique<BreakablePoller>(backend);
  };
  EventLoop loop(Backends().front());
  std::promise<std::string> told;
  TcpServer::Options options = EchoOptions(1);
  options.on_error = [&](const std::string& what, std::error_code error) {
    EXPECT_EQ(error, std::errc::not_enough_memory);
    told.set_value(what);
  };
  options.connection.callbacks.on_open = [&](Connection&) { loop.Quit(); };
  std::optional<TcpServer> server;
  server.emplace(&loop, backend, options);
  server->Start();
  Client client(server->address());
  EXPECT_FALSE(loop.Run());
  BreakablePoller::broken = true;
  EXPECT_EQ(told.get_future().get(), "io-0");
  server.reset();
  EXPECT_TRUE(client.SeesTheEnd());
}

TEST_P(TcpServerTest, MoreOfOneAddressThanAllowedAreTurnedAway) {
  for (const int reactors : kReactors) {
    SCOPED_TRACE(reactors);
    TcpServer::Options options = EchoOptions(reactors);
    options.max_connections_per_ip = 3;
    ServerThread server(backend(), options);
    std::vector<Client> clients;
    for (int i = 0; i < 3; ++i) {
      clients.emplace_back(server.address());
      clients.back().Echo("x");
    }
    EXPECT_TRUE(Client(server.address()).SeesTheEnd());
    EXPECT_EQ(server.Count("rejected_peer_limit"), 1U);
    EXPECT_EQ(server.Count("rejected_limit"), 0U);
    for (Client& client : clients) client.Echo("undisturbed");
    // Who leaves makes room.
    clients.pop_back();
    EXPECT_TRUE(Eventually([&] { return server.server().connections() == 2; }));
    clients.emplace_back(server.address());
    clients.back().Echo("x");
  }
}

TEST_P(TcpServerTest, F23_StopCountsWhatItCouldNotDeliver) {
  for (const int reactors : kReactors) {
    SCOPED_TRACE(reactors);
    TcpServer::Options options = EchoOptions(reactors);
    options.drain_timeout = 50ms;
    ServerThread server(backend(), options);
    Client idle(server.address());
    idle.Echo("x");
    std::vector<Client> lagging;
    for (int i = 0; i < 2; ++i) {
      lagging.emplace_back(server.address());
      // Until nothing has moved for a while: the server reads no further.
      const std::string flood = Pattern(kLarge);
      std::uint64_t read = 0;
      int still = 0;
      EXPECT_TRUE(Eventually([&] {
        const std::size_t sent = lagging.back().SendSome(flood);
        const std::uint64_t before =
            std::exchange(read, server.Count("bytes_read"));
        still = sent == 0 && read == before ? still + 1 : 0;
        return still > 100;
      }));
    }
    server.Stop();
    EXPECT_EQ(server.Count("opened"), 3U);
    EXPECT_EQ(server.Count("closed"), 3U);
    EXPECT_EQ(server.Count("lost"), 2U);
  }
}

// Waits as its backend does, until `broken`.
class PollerThatBreaks final : public Poller {
 public:
  PollerThatBreaks(const Backend& backend, const std::atomic<bool>& broken)
      : Poller(backend), broken_(broken) {}

 private:
  std::error_code Change(int, Interest, Interest, std::uint64_t) override {
    return {};
  }
  std::error_code Collect(int, std::span<Event>, std::size_t*) override {
    while (!broken_) std::this_thread::sleep_for(1ms);
    return std::make_error_code(std::errc::not_enough_memory);
  }

  const std::atomic<bool>& broken_;
};

// Gives the first loop that asks for it a poller that breaks, the others
// those of the real backend.
class BackendThatBreaks {
 public:
  explicit BackendThatBreaks(const Backend& real) {
    real_ = &real;
    left_ = 1;
    broken_ = false;
    backend_.emplace(real);
    backend_->create = []() -> std::unique_ptr<Poller> {
      if (left_-- > 0) {
        return std::make_unique<PollerThatBreaks>(*backend_, broken_);
      }
      return real_->create();
    };
  }

  const Backend& backend() const { return *backend_; }
  void Break() { broken_ = true; }

 private:
  static inline const Backend* real_ = nullptr;
  static inline std::optional<Backend> backend_;
  static inline std::atomic<int> left_{0};
  static inline std::atomic<bool> broken_{false};
};

TEST_P(TcpServerTest, ALoopThatHasFailedIsAvoidedAndStopCompletes) {
  for (const Strategy strategy :
       {Strategy::kRoundRobin, Strategy::kLeastConnections}) {
    for (const bool tell : {true, false}) {
      BackendThatBreaks breakable(backend());
      EventLoop loop(backend());
      TcpServer::Options options = EchoOptions(2);
      options.strategy = strategy;
      std::atomic<int> told{0};
      options.on_error = [&](const std::string& what, std::error_code error) {
        EXPECT_EQ(what, "io-0");
        EXPECT_EQ(error, std::errc::not_enough_memory);
        ++told;
      };
      if (!tell) options.on_error = nullptr;
      std::optional<TcpServer> server(std::in_place, &loop, breakable.backend(),
                                      options);
      server->Start();
      std::atomic<bool> stopped{false};
      std::uint64_t closed = 0;
      std::thread clients([&] {
        // Given to the loop that breaks, which then gives it up.
        Client unlucky(server->address());
        EXPECT_TRUE(Eventually([&] { return server->connections() == 1; }));
        breakable.Break();
        EXPECT_TRUE(unlucky.SeesTheEnd());
        std::vector<Client> lucky;
        for (int i = 0; i < 4; ++i) {
          lucky.emplace_back(server->address());
          lucky.back().Echo("served by the other");
        }
        loop.QueueInLoop([&] {
          server->Stop([&] {
            server->CollectCounters(
                [&](const std::vector<TcpServer::LoopReport>& reports) {
                  for (const TcpServer::LoopReport& report : reports) {
                    closed += CounterOf(report.counters, "closed");
                  }
                  stopped = true;
                  loop.Quit();
                });
          });
        });
      });
      EXPECT_FALSE(loop.Run());
      clients.join();
      EXPECT_TRUE(stopped);
      EXPECT_EQ(closed, 5U);
      EXPECT_EQ(told, tell ? 1 : 0);
      server.reset();
    }
  }
}

// A task for each wake-up of the listener and loop, not for each connection,
// which would have the threads take turns on the CPUs for each.
TEST_P(TcpServerTest, ABurstIsHandedOverTogether) {
  constexpr std::size_t kClients = std::size_t{4} * Acceptor::kMaxPerEvent;
  for (const int reactors : {1, 2}) {
    ServerThread server(backend(), EchoOptions(reactors));
    std::vector<Client> clients;
    server.Run([&] {
      for (std::size_t i = 0; i < kClients; ++i) {
        clients.emplace_back(server.address());
      }
    });
    for (Client& client : clients) client.Echo("hello");
    EXPECT_EQ(server.Count("opened"), kClients);
    std::uint64_t tasks = 0;
    for (const TcpServer::LoopReport& report : server.Reports()) {
      if (report.name != "main") tasks += CounterOf(report.counters, "tasks");
    }
    EXPECT_LT(tasks, kClients / 4);
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, TcpServerTest, EveryBackend(), BackendOf);

}  // namespace
}  // namespace polymux
