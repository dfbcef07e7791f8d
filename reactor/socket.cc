#include "reactor/socket.h"

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

#include "poller/poller.h"
#include "reactor/system_calls.h"

namespace polymux {
namespace {

void CheckCall(int result, const char* call, const InetAddress& address) {
  if (result == 0) return;
  throw std::system_error(LastSystemError(),
                          std::string(call) + " " + address.ToString());
}

void Enable(int fd, int level, int option, const char* name,
            const InetAddress& address) {
  const int one = 1;
  CheckCall(::setsockopt(fd, level, option, &one, sizeof(one)), name, address);
}

// A socket that is reset by now has no peer, and reports that by itself.
bool HasReachedItself(int fd) {
  sockaddr_storage peer;
  socklen_t size = sizeof(peer);
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) {
    return false;
  }
  return InetAddress::From(peer).ToString() ==
         InetAddress::LocalOf(fd).ToString();
}

}  // namespace

Socket Socket::Listen(const InetAddress& address,
                      const ListenOptions& options) {
  Socket socket(UniqueFd(::socket(
      address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)));
  CheckCall(socket ? 0 : -1, "socket for", address);
  const int fd = socket.fd();
  Enable(fd, SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR for", address);
  if (options.reuse_port) {
    Enable(fd, SOL_SOCKET, SO_REUSEPORT, "SO_REUSEPORT for", address);
  }
  if (options.no_delay) {
    Enable(fd, IPPROTO_TCP, TCP_NODELAY, "TCP_NODELAY for", address);
  }
  CheckCall(::bind(fd, address.data(), address.size()), "bind", address);
  CheckCall(::listen(fd, options.backlog), "listen on", address);
  return socket;
}

Socket Socket::Connect(const InetAddress& peer, const ConnectOptions& options,
                       std::error_code* error) {
  Socket socket(UniqueFd(
      ::socket(peer.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)));
  const int one = options.no_delay ? 1 : 0;
  // After EINTR the connect goes on as after EINPROGRESS. It may also have
  // succeeded at once, which the first look for readiness tells as well.
  if (!socket ||
      ::setsockopt(socket.fd(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) !=
          0 ||
      (::connect(socket.fd(), peer.data(), peer.size()) != 0 &&
       errno != EINPROGRESS && errno != EINTR)) {
    *error = LastSystemError();
    return {};
  }
  error->clear();
  return socket;
}

std::error_code Socket::ConnectResult() const {
  int error = 0;
  socklen_t size = sizeof(error);
  if (::getsockopt(fd(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
    return LastSystemError();
  }
  if (error == 0 && HasReachedItself(fd())) error = ECONNREFUSED;
  return {error, std::system_category()};
}

Socket Socket::Accept(InetAddress* peer) const {
  sockaddr_storage storage;
  socklen_t size = sizeof(storage);
  const int fd = ::accept4(fd_.get(), reinterpret_cast<sockaddr*>(&storage),
                           &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) *peer = InetAddress::From(storage);
  return Socket(UniqueFd(fd));
}

ssize_t Socket::Send(std::span<const iovec> stretches) const {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(stretches.data());
  message.msg_iovlen = stretches.size();
  return ::sendmsg(fd_.get(), &message, MSG_NOSIGNAL);
}

std::size_t Socket::Unread() const {
  int unread = 0;
  const bool known = ::ioctl(fd_.get(), FIONREAD, &unread) == 0 && unread > 0;
  return known ? static_cast<std::size_t>(unread) : 0;
}

bool Socket::AllTaken() const {
  int unsent = 0;
  return ::ioctl(fd_.get(), SIOCOUTQ, &unsent) == 0 && unsent == 0;
}

void Socket::ShutdownWrite() const { ::shutdown(fd_.get(), SHUT_WR); }

}  // namespace polymux
