#ifndef POLYMUX_REACTOR_SOCKET_H_
#define POLYMUX_REACTOR_SOCKET_H_

#include <sys/types.h>

#include <cstddef>
#include <span>

#include "reactor/inet_address.h"
#include "reactor/system_calls.h"
#include "reactor/unique_fd.h"

namespace polymux {

// A non-blocking, close-on-exec stream socket.
class Socket {
 public:
  struct ListenOptions {
    int backlog = 4096;    // capped by net.core.somaxconn
    bool no_delay = true;  // accepted sockets inherit it
    bool reuse_port = false;
  };

  Socket() = default;
  explicit Socket(UniqueFd fd) : fd_(std::move(fd)) {}

  // A listening socket on `address` with SO_REUSEADDR. Throws
  // std::system_error that names the address.
  static Socket Listen(const InetAddress& address,
                       const ListenOptions& options);

  // accept4(2): an empty Socket with errno set when there is none.
  Socket Accept(InetAddress* peer) const;

  // send(2) without SIGPIPE: the number of bytes taken or -1 with errno.
  ssize_t Send(std::span<const char> data) const {
    return system_call::Send(fd_.get(), data.data(), data.size(), MSG_NOSIGNAL);
  }

  int fd() const { return fd_.get(); }
  explicit operator bool() const { return static_cast<bool>(fd_); }
  UniqueFd TakeFd() { return std::move(fd_); }

 private:
  UniqueFd fd_;
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_SOCKET_H_
