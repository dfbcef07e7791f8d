#ifndef POLYMUX_BENCH_LOAD_ENDPOINT_H_
#define POLYMUX_BENCH_LOAD_ENDPOINT_H_

#include <netinet/in.h>
#include <sys/socket.h>

#include <string>
#include <string_view>

namespace polymux::bench {

// Where a server listens, as the user wrote it.
struct HostPort {
  std::string host;  // without brackets
  std::string port;
};

// "HOST:PORT" or "[IPV6]:PORT", PORT from 1 to 65535. Throws
// std::invalid_argument with a message for the user.
HostPort ParseHostPort(std::string_view text);

// An IPv4 or IPv6 address with a port.
class Endpoint {
 public:
  // The first address of the host. Throws std::runtime_error with a message
  // for the user when it has none.
  static Endpoint Resolve(const HostPort& host_port);

  const sockaddr* address() const {
    return reinterpret_cast<const sockaddr*>(&storage_);
  }
  socklen_t length() const { return length_; }
  int family() const { return storage_.ss_family; }

  // Whether it lies in 127.0.0.0/8, where each address is ours.
  bool IsIpv4Loopback() const;

 private:
  sockaddr_storage storage_{};
  socklen_t length_ = 0;
};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_ENDPOINT_H_
