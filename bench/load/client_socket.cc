#include "bench/load/client_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace polymux::bench {
namespace {

std::error_code LastError() {
  return std::error_code(errno, std::system_category());
}

// Whether it lies in 127.0.0.0/8, where each address is ours.
bool IsIpv4Loopback(const InetAddress& address) {
  if (address.family() != AF_INET) return false;
  sockaddr_in v4;
  std::memcpy(&v4, address.data(), sizeof(v4));
  return ntohl(v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

bool IsConnectedToItself(int fd) {
  sockaddr_storage ours{};
  sockaddr_storage theirs{};
  socklen_t our_length = sizeof(ours);
  socklen_t their_length = sizeof(theirs);
  return getsockname(fd, reinterpret_cast<sockaddr*>(&ours), &our_length) ==
             0 &&
         getpeername(fd, reinterpret_cast<sockaddr*>(&theirs), &their_length) ==
             0 &&
         our_length == their_length &&
         std::memcmp(&ours, &theirs, our_length) == 0;
}

}  // namespace

UniqueFd ClientSocketFactory::StartConnect(std::error_code& error) {
  do {
    UniqueFd fd = TryConnect(error);
    if (!error) return fd;
  } while (error == std::errc::address_not_available && NextSource());
  return UniqueFd();
}

UniqueFd ClientSocketFactory::TryConnect(std::error_code& error) const {
  UniqueFd fd(
      socket(target_.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) {
    error = LastError();
    return fd;
  }
  const int on = 1;
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  const bool under_way =
      BindSource(fd.get()) &&
      (connect(fd.get(), target_.data(), target_.size()) == 0 ||
       errno == EINPROGRESS);
  error = under_way ? std::error_code() : LastError();
  return fd;
}

bool ClientSocketFactory::NextSource() {
  constexpr std::uint32_t kLastSource = 254;
  if (!IsIpv4Loopback(target_) || source_ == kLastSource) return false;
  // 127.0.0.1 is what the kernel chose until now.
  source_ = source_ == 0 ? 2 : source_ + 1;
  return true;
}

bool ClientSocketFactory::BindSource(int fd) const {
  if (source_ == 0) return true;
  // The port is left to connect, which knows the whole pair of addresses and
  // so can use a port that another pair already has.
  const int on = 1;
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr =
      htonl((std::uint32_t{IN_LOOPBACKNET} << 24) + source_);
  return bind(fd, reinterpret_cast<const sockaddr*>(&address),
              sizeof(address)) == 0;
}

std::error_code ConnectOutcome(int fd) {
  int error = 0;
  socklen_t length = sizeof(error);
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) {
    return LastError();
  }
  if (error == 0 && IsConnectedToItself(fd)) error = ECONNREFUSED;
  return std::error_code(error, std::system_category());
}

}  // namespace polymux::bench
