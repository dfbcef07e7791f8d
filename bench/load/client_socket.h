#ifndef POLYMUX_BENCH_LOAD_CLIENT_SOCKET_H_
#define POLYMUX_BENCH_LOAD_CLIENT_SOCKET_H_

#include <cstdint>
#include <system_error>

#include "reactor/inet_address.h"
#include "reactor/unique_fd.h"

namespace polymux::bench {

// Opens client sockets to one address. A pair of addresses has room for as
// many connections as there are ephemeral ports (28,232 by default). When
// they run short, and the address is an IPv4 loopback one, further
// connections come from 127.0.0.2, 127.0.0.3 and so on.
class ClientSocketFactory {
 public:
  explicit ClientSocketFactory(const InetAddress& target) : target_(target) {}

  // A non-blocking socket with TCP_NODELAY that is connecting; it turns
  // writable when the outcome is known. On failure none, and `error` is set.
  UniqueFd StartConnect(std::error_code& error);

 private:
  UniqueFd TryConnect(std::error_code& error) const;
  bool NextSource();
  bool BindSource(int fd) const;

  const InetAddress target_;
  std::uint32_t source_ = 0;  // 127.0.0.(source_); 0: the kernel's choice
};

// The outcome of a connect that has come to an end. A socket that came to be
// connected with itself, as can happen on an ephemeral port where nobody
// listens, counts as refused.
std::error_code ConnectOutcome(int fd);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_CLIENT_SOCKET_H_
