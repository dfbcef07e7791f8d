#include "reactor/socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <fstream>
#include <string>
#include <system_error>

#include "tests/reactor/support.h"

namespace polymux {
namespace {

const InetAddress kAnyPort = *InetAddress::Parse("127.0.0.1", 0);

int OptionOf(const Socket& socket, int level, int option) {
  int value = 0;
  socklen_t size = sizeof(value);
  Must(::getsockopt(socket.fd(), level, option, &value, &size));
  return value;
}

// The next connection in the queue, when it has come.
Socket AwaitAccept(const Socket& listener, InetAddress* peer) {
  pollfd ready{.fd = listener.fd(), .events = POLLIN, .revents = 0};
  Must(::poll(&ready, 1, -1));
  return listener.Accept(peer);
}

TEST(SocketTest, ListensOnAFreePort) {
  for (const char* const host : {"127.0.0.1", "::1"}) {
    const Socket listener = Socket::Listen(*InetAddress::Parse(host, 0), {});
    const InetAddress address = InetAddress::LocalOf(listener.fd());
    EXPECT_NE(address.port(), 0);
    Client client(address);
    InetAddress peer;
    const Socket accepted = AwaitAccept(listener, &peer);
    ASSERT_TRUE(accepted);
    EXPECT_EQ(peer.ToString(), InetAddress::LocalOf(client.fd()).ToString());
  }
}

TEST(SocketTest, AcceptedSocketsDoNotBlockNorSurviveExec) {
  const Pair pair = MakeTcpPair();
  EXPECT_NE(Must(::fcntl(pair.near.fd(), F_GETFL)) & O_NONBLOCK, 0);
  EXPECT_NE(Must(::fcntl(pair.near.fd(), F_GETFD)) & FD_CLOEXEC, 0);
}

TEST(SocketTest, AListenerDoesNotBlockNorSurviveExec) {
  const Socket listener = Socket::Listen(kAnyPort, {});
  EXPECT_NE(Must(::fcntl(listener.fd(), F_GETFL)) & O_NONBLOCK, 0);
  EXPECT_NE(Must(::fcntl(listener.fd(), F_GETFD)) & FD_CLOEXEC, 0);
  InetAddress peer;
  EXPECT_FALSE(listener.Accept(&peer));
  EXPECT_EQ(errno, EAGAIN);
}

TEST(SocketTest, AcceptedSocketsInheritNoDelay) {
  for (const bool no_delay : {true, false}) {
    const Socket listener = Socket::Listen(kAnyPort, {.no_delay = no_delay});
    const Client client(InetAddress::LocalOf(listener.fd()));
    InetAddress peer;
    const Socket accepted = AwaitAccept(listener, &peer);
    EXPECT_EQ(OptionOf(accepted, IPPROTO_TCP, TCP_NODELAY) != 0, no_delay);
  }
}

TEST(SocketTest, APortInUseIsAnErrorThatNamesIt) {
  const Socket listener = Socket::Listen(kAnyPort, {});
  const InetAddress taken = InetAddress::LocalOf(listener.fd());
  try {
    Socket::Listen(taken, {});
    FAIL() << "two listeners on " << taken.ToString();
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::address_in_use);
    EXPECT_NE(std::string(error.what()).find(taken.ToString()),
              std::string::npos)
        << error.what();
  }
}

TEST(SocketTest, AnAddressOfNobodyIsAnError) {
  try {
    Socket::Listen(*InetAddress::Parse("192.0.2.1", 0), {});
    FAIL() << "listening on an address that is not here";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::address_not_available);
  }
}

TEST(SocketTest, ReusePortSharesAPortAmongThoseWhoAsk) {
  const Socket first = Socket::Listen(kAnyPort, {.reuse_port = true});
  const InetAddress address = InetAddress::LocalOf(first.fd());
  const Socket second = Socket::Listen(address, {.reuse_port = true});
  EXPECT_EQ(InetAddress::LocalOf(second.fd()).port(), address.port());
  EXPECT_THROW(Socket::Listen(address, {}), std::system_error);
}

TEST(SocketTest, APortInTimeWaitCanBeListenedOn) {
  InetAddress address;
  {
    const Socket listener = Socket::Listen(kAnyPort, {});
    address = InetAddress::LocalOf(listener.fd());
    Client client(address);
    InetAddress peer;
    Socket accepted = AwaitAccept(listener, &peer);
    // Who closes first is left with the connection in TIME_WAIT.
    ::shutdown(accepted.fd(), SHUT_RDWR);
    EXPECT_TRUE(client.SeesTheEnd());
  }
  EXPECT_NO_THROW(Socket::Listen(address, {}));
}

TEST(SocketTest, G07_Backlog) {
  int somaxconn = 0;
  std::ifstream("/proc/sys/net/core/somaxconn") >> somaxconn;
  ASSERT_GT(somaxconn, 0);
  for (const int backlog : {1, 7, somaxconn, somaxconn + 1}) {
    const Socket listener = Socket::Listen(kAnyPort, {.backlog = backlog});
    tcp_info info{};
    socklen_t size = sizeof(info);
    Must(::getsockopt(listener.fd(), IPPROTO_TCP, TCP_INFO, &info, &size));
    // For a listener: the length that its queue may have, see ss(8).
    EXPECT_EQ(info.tcpi_sacked,
              static_cast<std::uint32_t>(std::min(backlog, somaxconn)));
  }
}

TEST(SocketTest, SendsWhatFitsAndThenSaysSo) {
  Pair pair = MakeUnixPair(4096);
  const std::string bytes = Pattern(std::size_t{1} << 20);
  std::size_t sent = 0;
  ssize_t count = 0;
  while ((count = pair.near.Send(std::string_view(bytes).substr(sent))) > 0) {
    sent += static_cast<std::size_t>(count);
  }
  EXPECT_EQ(errno, EAGAIN);
  EXPECT_GT(sent, 0U);
  EXPECT_LT(sent, bytes.size());
  EXPECT_TRUE(pair.far.Receive(sent) == bytes.substr(0, sent));
}

TEST(SocketTest, H09_SendRaisesNoSigpipe) {
  // The default action, which would end this process.
  ::signal(SIGPIPE, SIG_DFL);
  Pair pair = MakeUnixPair(4096);
  pair.far.Close();
  EXPECT_EQ(pair.near.Send(std::string_view("x")), -1);
  EXPECT_EQ(errno, EPIPE);
}

TEST(SocketTest, OwnsItsDescriptor) {
  const std::size_t before = OpenDescriptors();
  {
    Socket socket = Socket::Listen(kAnyPort, {});
    EXPECT_TRUE(socket);
    const UniqueFd fd = socket.TakeFd();
    EXPECT_FALSE(socket);
    EXPECT_EQ(OpenDescriptors(), before + 1);
  }
  EXPECT_EQ(OpenDescriptors(), before);
}

}  // namespace
}  // namespace polymux
