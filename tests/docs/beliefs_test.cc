// What docs/beliefs.md says of the kernel, in its order. A case that fails has
// met a kernel that behaves as is believed.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdint>
#include <limits>
#include <string>
#include <system_error>
#include <utility>

#include "tests/reactor/support.h"

namespace polymux {
namespace {

const InetAddress kAnyPort = *InetAddress::Parse("127.0.0.1", 0);

UniqueFd Tcp(int flags = 0) {
  return UniqueFd(
      Must(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0)));
}

void Bind(int fd, const InetAddress& address = kAnyPort) {
  Must(::bind(fd, address.data(), address.size()));
}

void Set(int fd, int level, int option) {
  const int one = 1;
  Must(::setsockopt(fd, level, option, &one, sizeof(one)));
}

int Get(int fd, int level, int option) {
  int value = 0;
  socklen_t size = sizeof(value);
  Must(::getsockopt(fd, level, option, &value, &size));
  return value;
}

short Ready(int fd, short events, int timeout_ms = 10'000) {
  pollfd asked{.fd = fd, .events = events, .revents = 0};
  Must(::poll(&asked, 1, timeout_ms));
  return asked.revents;
}

// The events of an epoll descriptor without waiting, of its one registration.
std::uint32_t Events(int epoll) {
  epoll_event event{};
  return Must(::epoll_wait(epoll, &event, 1, 0)) == 0 ? 0U : event.events;
}

UniqueFd EpollOf(int fd, std::uint32_t events) {
  UniqueFd epoll(Must(::epoll_create1(EPOLL_CLOEXEC)));
  epoll_event event{.events = events, .data = {}};
  Must(::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event));
  return epoll;
}

TEST(Beliefs, NoDelayAtTheWrongLevelIsDebug) {
  const UniqueFd fd = Tcp();
  if (const int one = 1;
      ::setsockopt(fd.get(), SOL_SOCKET, TCP_NODELAY, &one, sizeof(one)) != 0) {
    GTEST_SKIP() << "SO_DEBUG takes root";
  }
  EXPECT_EQ(Get(fd.get(), IPPROTO_TCP, TCP_NODELAY), 0);
  EXPECT_EQ(Get(fd.get(), SOL_SOCKET, SO_DEBUG), 1);
}

TEST(Beliefs, OptionsOfABoundListenerAreInherited) {
  const UniqueFd listener = Tcp(SOCK_NONBLOCK);
  Bind(listener.get());
  Must(::listen(listener.get(), 1));
  Set(listener.get(), IPPROTO_TCP, TCP_NODELAY);
  Set(listener.get(), SOL_SOCKET, SO_KEEPALIVE);
  const Client client(InetAddress::LocalOf(listener.get()));
  ASSERT_EQ(Ready(listener.get(), POLLIN), POLLIN);
  const UniqueFd accepted(Must(::accept(listener.get(), nullptr, nullptr)));
  EXPECT_EQ(Get(accepted.get(), IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(Get(accepted.get(), SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(::fcntl(accepted.get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(Get(accepted.get(), IPPROTO_TCP, TCP_MAXSEG), 1460);
}

TEST(Beliefs, ReuseAddressDoesNotShareAListenersPort) {
  for (const bool listens : {false, true}) {
    const UniqueFd all = Tcp();
    const UniqueFd one = Tcp();
    Set(all.get(), SOL_SOCKET, SO_REUSEADDR);
    Set(one.get(), SOL_SOCKET, SO_REUSEADDR);
    Bind(all.get(), *InetAddress::Parse("0.0.0.0", 0));
    if (listens) Must(::listen(all.get(), 1));
    const InetAddress same_port = *InetAddress::Parse(
        "127.0.0.1", InetAddress::LocalOf(all.get()).port());
    const int result = ::bind(one.get(), same_port.data(), same_port.size());
    EXPECT_EQ(result == 0, !listens);
  }
}

TEST(Beliefs, ANonBlockingConnectMaySucceedAtOnce) {
  const UniqueFd listener(
      Must(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)));
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  Must(::bind(listener.get(), reinterpret_cast<sockaddr*>(&name),
              sizeof(sa_family_t)));  // The kernel picks an abstract one.
  socklen_t size = sizeof(name);
  Must(
      ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&name), &size));
  Must(::listen(listener.get(), 1));
  const UniqueFd client(
      Must(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)));
  EXPECT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&name), size),
            0);
}

TEST(Beliefs, ARefusedConnectIsWritable) {
  const UniqueFd closed = Tcp();
  Bind(closed.get());
  const InetAddress address = InetAddress::LocalOf(closed.get());
  const UniqueFd client = Tcp(SOCK_NONBLOCK);
  ASSERT_EQ(::connect(client.get(), address.data(), address.size()), -1);
  EXPECT_TRUE(Ready(client.get(), POLLOUT) & POLLOUT);
  EXPECT_EQ(Get(client.get(), SOL_SOCKET, SO_ERROR), ECONNREFUSED);
  EXPECT_EQ(Get(client.get(), SOL_SOCKET, SO_ERROR), 0);
}

TEST(Beliefs, ASocketCanReachItself) {
  UniqueFd fd = Tcp();
  Bind(fd.get());
  const InetAddress own = InetAddress::LocalOf(fd.get());
  Must(::connect(fd.get(), own.data(), own.size()));
  Client(std::move(fd)).Echo("hello");
}

TEST(Beliefs, ConnectedIsNotAcceptedAndAFullQueueIsSilent) {
  const Socket listener = Socket::Listen(kAnyPort, {.backlog = 0});
  const InetAddress address = InetAddress::LocalOf(listener.fd());
  Client queued(address);
  queued.Send("hello");
  const UniqueFd late = Tcp(SOCK_NONBLOCK);
  ASSERT_EQ(::connect(late.get(), address.data(), address.size()), -1);
  EXPECT_EQ(errno, EINPROGRESS);
  EXPECT_EQ(Ready(late.get(), POLLOUT, 50), 0);
}

TEST(Beliefs, ClosingWithInputUnreadLosesTheReply) {
  Pair pair = MakeTcpPair();
  pair.far.Send("not read");
  ASSERT_EQ(Ready(pair.near.fd(), POLLIN), POLLIN);
  // More than the peer takes without reading, so that some is still here.
  const std::string reply = Pattern(std::size_t{1} << 20);
  std::size_t taken = 0;
  for (ssize_t count = 0; count != -1; count = pair.near.Send(reply)) {
    taken += static_cast<std::size_t>(count);
  }
  pair.near = Socket();
  EXPECT_THROW(pair.far.Receive(taken), std::system_error);
}

TEST(Beliefs, TheFirstSendToAClosedPeerSucceeds) {
  Pair pair = MakeTcpPair();
  pair.far.Close();
  ASSERT_TRUE(Ready(pair.near.fd(), POLLIN) & POLLIN);
  EXPECT_EQ(pair.near.Send(std::string("x")), 1);
  ASSERT_TRUE(Eventually(
      [&] { return (Ready(pair.near.fd(), POLLIN, 0) & POLLHUP) != 0; }));
  EXPECT_EQ(pair.near.Send(std::string("x")), -1);
  EXPECT_EQ(errno, EPIPE);
}

TEST(Beliefs, AnEventfdAtItsMaximumIsNotWritable) {
  const UniqueFd fd(Must(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)));
  Must(::eventfd_write(fd.get(), std::numeric_limits<eventfd_t>::max() - 1));
  EXPECT_EQ(Ready(fd.get(), POLLOUT, 0), 0);
  EXPECT_EQ(::eventfd_write(fd.get(), 1), -1);
  EXPECT_EQ(errno, EAGAIN);
}

TEST(Beliefs, AnEdgeForWritingComesUncalledFor) {
  const Pair pair = MakeUnixPair(4096);
  constexpr std::uint32_t kWriting = EPOLLOUT | EPOLLET;
  UniqueFd epoll = EpollOf(pair.near.fd(), kWriting);
  EXPECT_EQ(Events(epoll.get()), EPOLLOUT) << "on add";
  EXPECT_EQ(Events(epoll.get()), 0U);
  epoll_event again{.events = kWriting, .data = {}};
  Must(::epoll_ctl(epoll.get(), EPOLL_CTL_MOD, pair.near.fd(), &again));
  EXPECT_EQ(Events(epoll.get()), EPOLLOUT) << "on modify";

  epoll = EpollOf(pair.near.fd(), kWriting | EPOLLIN);
  EXPECT_EQ(Events(epoll.get()), EPOLLOUT);
  Must(static_cast<int>(::write(pair.far.fd(), "x", 1)));
  EXPECT_EQ(Events(epoll.get()), EPOLLIN | EPOLLOUT) << "rides along";
}

TEST(Beliefs, AnEdgeForReadingComesAgain) {
  const Pair pair = MakeUnixPair(4096);
  constexpr std::uint32_t kReading = EPOLLIN | EPOLLET;
  const UniqueFd epoll = EpollOf(pair.near.fd(), kReading);
  Must(static_cast<int>(::write(pair.far.fd(), "x", 1)));
  EXPECT_EQ(Events(epoll.get()), EPOLLIN);
  EXPECT_EQ(Events(epoll.get()), 0U);
  epoll_event again{.events = kReading, .data = {}};
  Must(::epoll_ctl(epoll.get(), EPOLL_CTL_MOD, pair.near.fd(), &again));
  EXPECT_EQ(Events(epoll.get()), EPOLLIN) << "on modify";
  Must(static_cast<int>(::write(pair.far.fd(), "y", 1)));
  EXPECT_EQ(Events(epoll.get()), EPOLLIN) << "behind what is unread";
}

TEST(Beliefs, AClosedDescriptorMayStayInEpoll) {
  Pair pair = MakeUnixPair(4096);
  const UniqueFd epoll = EpollOf(pair.near.fd(), EPOLLIN);
  const UniqueFd duplicate(Must(::fcntl(pair.near.fd(), F_DUPFD_CLOEXEC, 0)));
  pair.near = Socket();
  pair.far.Send("x");
  EXPECT_EQ(Events(epoll.get()), EPOLLIN);
}

TEST(Beliefs, EpollRefusesARegularFile) {
  const UniqueFd file(Must(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)));
  try {
    EpollOf(file.get(), EPOLLIN);
    ADD_FAILURE() << "it takes one";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::operation_not_permitted);
  }
}

}  // namespace
}  // namespace polymux
