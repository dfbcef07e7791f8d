// echo_server --fan-out from outside: what one connection sends, all are sent.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>

#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include "tests/apps/echo_server_process.h"
#include "tests/apps/process.h"
#include "tests/reactor/support.h"

namespace polymux {
namespace {

class FanOutTest : public BackendTest {
 protected:
  std::vector<std::string> Flags(int reactors,
                                 std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"--fan-out", "--backend=" + GetParam(),
                               "--reactors=" + std::to_string(reactors)});
    return more;
  }

  // Connections that the server has taken in, which their establishment does
  // not tell: the newcomer sends until it is answered, and those before it
  // receive the same.
  static std::vector<Client> Connect(const InetAddress& address,
                                     std::size_t count) {
    std::vector<Client> clients;
    for (std::size_t i = 0; i < count; ++i) {
      clients.emplace_back(address);
      clients.back().Send("+");
      for (Client& client : clients) EXPECT_EQ(client.Receive(1), "+");
    }
    return clients;
  }
};

TEST_P(FanOutTest, AllReceiveInOrderWhatOneSends) {
  for (const int reactors : {0, 1, 3}) {
    SCOPED_TRACE(reactors);
    EchoServer server(Flags(reactors));
    std::vector<Client> clients = Connect(server.address(), 7);
    for (const std::size_t size : {1U, 1'000U, 300'000U}) {
      const std::string message = Pattern(size);
      const std::jthread sender([&] { clients[3].Send(message); });
      for (Client& client : clients) {
        EXPECT_TRUE(client.Receive(size) == message) << size;
      }
    }
    EXPECT_EQ(server.Stop(), 0) << server.process().Errors();
  }
}

TEST_P(FanOutTest, WhoLeavesIsMissedByNobody) {
  EchoServer server(Flags(3));
  std::vector<Client> clients = Connect(server.address(), 9);
  while (clients.size() > 1) {
    if (clients.size() % 2 == 0) {
      clients.front().Reset();
      clients.erase(clients.begin());
    } else {
      clients.pop_back();
    }
    clients.front().Send("who is there?");
    for (Client& client : clients) {
      EXPECT_EQ(client.Receive(13), "who is there?");
    }
  }
  clients.front().Close();
  Connect(server.address(), 3);
  EXPECT_EQ(server.Stop(), 0) << server.process().Errors();
}

// The messages of several senders may come in any order, but each of them whole
// and those of one sender in its order.
TEST_P(FanOutTest, FramesOfSeveralSendersStayWhole) {
  constexpr std::size_t kSenders = 4;
  constexpr std::size_t kMessages = 200;
  EchoServer server(Flags(3, {"--codec=delimiter"}));
  std::vector<Client> clients;
  for (std::size_t i = 0; i < kSenders; ++i) {
    clients.emplace_back(server.address());
    clients.back().Send("+\n");
    for (Client& client : clients) EXPECT_EQ(client.Receive(2), "+\n");
  }
  std::vector<std::jthread> senders;
  for (std::size_t i = 0; i < kSenders; ++i) {
    senders.emplace_back([&, i] {
      for (std::size_t message = 0; message < kMessages; ++message) {
        clients[i].Send(std::to_string(i) + ":" + std::to_string(message));
        clients[i].Send("\n");
      }
    });
  }
  for (std::jthread& sender : senders) sender.join();
  for (Client& client : clients) {
    std::vector<std::size_t> next(kSenders, 0);
    for (std::size_t count = 0; count < kSenders * kMessages; ++count) {
      std::string line;
      for (std::string c = client.Receive(1); c != "\n";
           c = client.Receive(1)) {
        line += c;
      }
      ASSERT_EQ(line.find(':'), 1U) << line;
      const auto sender = static_cast<std::size_t>(line[0] - '0');
      ASSERT_LT(sender, kSenders) << line;
      ASSERT_EQ(line.substr(2), std::to_string(next[sender]++)) << line;
    }
  }
  EXPECT_EQ(server.Stop(), 0) << server.process().Errors();
}

TEST_P(FanOutTest, WhoDoesNotReadIsClosedAndTheOthersGoOn) {
  for (const int reactors : {1, 3}) {
    SCOPED_TRACE(reactors);
    EchoServer server(Flags(reactors, {"--max-output=256k", "--high-water=64k",
                                       "--low-water=16k"}));
    std::vector<Client> clients = Connect(server.address(), 5);
    Client& idler = clients[2];
    const std::string message = Pattern(50'000);
    // More than the sockets on the way hold.
    for (int i = 0; i < 400; ++i) {
      clients[0].Send(message);
      for (Client& client : clients) {
        if (&client == &idler) continue;
        ASSERT_TRUE(client.Receive(message.size()) == message) << i;
      }
    }
    EXPECT_TRUE(idler.SeesTheEnd());
    EXPECT_EQ(server.Stop(), 0) << server.process().Errors();
  }
}

// While messages are on the way between loops.
TEST_P(FanOutTest, ASignalEndsItInTheMidst) {
  for (const int signal : {SIGTERM, SIGINT}) {
    EchoServer server(Flags(3));
    std::vector<Client> clients = Connect(server.address(), 6);
    const std::string message = Pattern(1000);
    for (int i = 0; i < 100; ++i) {
      if (i == 50) server.process().Signal(signal);
      // What is sent after the end is lost, like this.
      static_cast<void>(::send(clients[static_cast<std::size_t>(i) % 3].fd(),
                               message.data(), message.size(),
                               MSG_NOSIGNAL | MSG_DONTWAIT));
    }
    for (Client& client : clients) EXPECT_TRUE(client.SeesTheEnd());
    EXPECT_EQ(server.process().Wait(), 0) << server.process().Errors();
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, FanOutTest, EveryBackend(), BackendOf);

TEST(FanOutCommandLineTest, GoesWithoutWorkAndWorkers) {
  for (const std::string flag : {"--workers=2", "--work-us=5"}) {
    Process server({kEchoServer, "--fan-out", flag});
    EXPECT_EQ(server.Wait(), 2) << flag;
    EXPECT_NE(server.Errors().find("--fan-out"), std::string::npos)
        << server.Errors();
  }
}

}  // namespace
}  // namespace polymux
