#ifndef POLYMUX_REACTOR_SOCKET_H_
#define POLYMUX_REACTOR_SOCKET_H_

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <span>
#include <system_error>

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

  struct ConnectOptions {
    bool no_delay = true;
  };

  Socket() = default;
  explicit Socket(UniqueFd fd) : fd_(std::move(fd)) {}

  // A listening socket on `address` with SO_REUSEADDR. Throws
  // std::system_error that names the address.
  static Socket Listen(const InetAddress& address,
                       const ListenOptions& options);

  // A socket on its way to `peer`, without waiting: writable when that has come
  // to an end, for which see ConnectResult. Empty, with `*error` set, when it
  // could not even begin.
  static Socket Connect(const InetAddress& peer, const ConnectOptions& options,
                        std::error_code* error);

  // How the Connect ended; asks once only, for SO_ERROR is cleared by reading.
  // ECONNREFUSED also for a socket that has reached itself: a port without a
  // listener was picked as its own, and the kernel joins the two ends (TCP's
  // simultaneous open). REQUIRES: writable.
  std::error_code ConnectResult() const;

  // accept4(2): an empty Socket with errno set when there is none.
  Socket Accept(InetAddress* peer) const;

  // send(2) without SIGPIPE: the number of bytes taken or -1 with errno.
  ssize_t Send(std::span<const char> data) const {
    return system_call::Send(fd_.get(), data.data(), data.size(), MSG_NOSIGNAL);
  }

  // The same for several stretches, one after the other; sendmsg(2).
  ssize_t Send(std::span<const iovec> stretches) const;
  // Ends our direction of the stream; shutdown(2). An error means that the
  // connection has ended, which a read tells better.
  void ShutdownWrite() const;

  // How many bytes a read would find, up to the mark of urgent data; FIONREAD.
  std::size_t Unread() const;
  // Whether the peer's kernel has all that was sent; SIOCOUTQ. With nothing
  // unread either, a close harms nothing.
  bool AllTaken() const;

  int fd() const { return fd_.get(); }
  explicit operator bool() const { return static_cast<bool>(fd_); }
  UniqueFd TakeFd() { return std::move(fd_); }

 private:
  UniqueFd fd_;
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_SOCKET_H_
