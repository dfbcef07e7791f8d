#include "bench/load/client_socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <string>
#include <system_error>
#include <vector>

namespace polymux::bench {
namespace {

UniqueFd ListenOn127001(std::uint16_t& port) {
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  socklen_t length = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(fd.get(), generic, length) != 0 || listen(fd.get(), 64) != 0 ||
      getsockname(fd.get(), generic, &length) != 0) {
    return UniqueFd();
  }
  port = ntohs(address.sin_port);
  return fd;
}

InetAddress At127001(std::uint16_t port) {
  return InetAddress::Parse("127.0.0.1", port).value();
}

std::error_code WaitForOutcome(const UniqueFd& fd) {
  pollfd entry{fd.get(), POLLOUT, 0};
  EXPECT_EQ(poll(&entry, 1, 5000), 1);
  return ConnectOutcome(fd.get());
}

TEST(ClientSocketFactory, ConnectsWithoutDelayOrBlocking) {
  std::uint16_t port = 0;
  const UniqueFd listener = ListenOn127001(port);
  ASSERT_TRUE(listener);
  ClientSocketFactory factory(At127001(port));
  std::error_code error = std::make_error_code(std::errc::io_error);
  const UniqueFd fd = factory.StartConnect(error);
  ASSERT_FALSE(error) << error.message();
  EXPECT_FALSE(WaitForOutcome(fd));
  int value = 0;
  socklen_t length = sizeof(value);
  getsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &value, &length);
  EXPECT_EQ(value, 1);
  EXPECT_NE(fcntl(fd.get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(fcntl(fd.get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(ClientSocketFactory, TellsThatNobodyListens) {
  std::uint16_t port = 0;
  ListenOn127001(port).Reset();
  ClientSocketFactory factory(At127001(port));
  std::error_code error;
  const UniqueFd fd = factory.StartConnect(error);
  if (fd) error = WaitForOutcome(fd);
  EXPECT_EQ(error, std::errc::connection_refused) << error.message();
}

TEST(ConnectOutcome, ConnectionWithItselfIsRefused) {
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(bind(fd.get(), generic, length), 0);
  ASSERT_EQ(getsockname(fd.get(), generic, &length), 0);
  ASSERT_EQ(connect(fd.get(), generic, length), 0);
  EXPECT_EQ(ConnectOutcome(fd.get()), std::errc::connection_refused);
}

// What the child below found out; its exit code.
enum Finding { kSpread = 0, kNotSpread = 1, kNoNamespace = 2 };

// A network of this process alone, where an address pair has ten ports.
bool EnterTinyNetwork() {
  if (unshare(CLONE_NEWNET) != 0 &&
      unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
    return false;
  }
  const UniqueFd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP;
  if (ioctl(fd.get(), SIOCSIFFLAGS, &request) != 0) return false;
  const UniqueFd range(
      open("/proc/sys/net/ipv4/ip_local_port_range", O_WRONLY | O_CLOEXEC));
  constexpr std::string_view kTenPorts = "40000 40009";
  return write(range.get(), kTenPorts.data(), kTenPorts.size()) ==
         static_cast<ssize_t>(kTenPorts.size());
}

std::string SourceOf(const UniqueFd& fd) {
  sockaddr_in address{};
  socklen_t length = sizeof(address);
  getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length);
  char text[INET_ADDRSTRLEN] = "";
  inet_ntop(AF_INET, &address.sin_addr, text, sizeof(text));
  return text;
}

Finding SpreadInTinyNetwork() {
  if (!EnterTinyNetwork()) return kNoNamespace;
  std::uint16_t port = 7000;
  const UniqueFd listener = ListenOn127001(port);
  ClientSocketFactory factory(At127001(port));
  std::map<std::string, int> connections;  // by source address
  std::vector<UniqueFd> fds;
  for (int i = 0; i < 35; ++i) {
    std::error_code error;
    fds.push_back(factory.StartConnect(error));
    if (error) return kNotSpread;
    ++connections[SourceOf(fds.back())];
  }
  const std::map<std::string, int> expected = {{"127.0.0.1", 10},
                                               {"127.0.0.2", 10},
                                               {"127.0.0.3", 10},
                                               {"127.0.0.4", 5}};
  return connections == expected ? kSpread : kNotSpread;
}

TEST(ClientSocketFactory, SpreadsOverSourceAddressesWhenPortsRunShort) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) _exit(SpreadInTinyNetwork());
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kNoNamespace) {
    GTEST_SKIP() << "no network namespace can be made here";
  }
  EXPECT_EQ(WEXITSTATUS(status), kSpread);
}

}  // namespace
}  // namespace polymux::bench
