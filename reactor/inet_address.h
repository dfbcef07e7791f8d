#ifndef POLYMUX_REACTOR_INET_ADDRESS_H_
#define POLYMUX_REACTOR_INET_ADDRESS_H_

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>

namespace polymux {

// An IPv4 or IPv6 address with a port. A value.
class InetAddress {
 public:
  // 0.0.0.0:0
  InetAddress();

  // Parses a numeric address, "127.0.0.1" or "::1", and for IPv6 the interface
  // it is of, "fe80::1%eth0" or "fe80::1%2"; no names, no brackets. Empty when
  // `host` is neither (999.1.1.1 is not) or there is no such interface.
  static std::optional<InetAddress> Parse(const std::string& host,
                                          std::uint16_t port);
  // REQUIRES: fd is a bound socket of family AF_INET or AF_INET6.
  static InetAddress LocalOf(int fd);
  // From what accept(2) or getpeername(2) filled in. REQUIRES: a family as
  // above.
  static InetAddress From(const sockaddr_storage& storage);

  sa_family_t family() const { return address_.any.sa_family; }
  std::uint16_t port() const;
  const sockaddr* data() const { return &address_.any; }
  socklen_t size() const;

  // "127.0.0.1:80", "[::1]:80", "[fe80::1%eth0]:80".
  std::string ToString() const;

 private:
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
  } address_;
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_INET_ADDRESS_H_
