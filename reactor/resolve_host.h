#ifndef POLYMUX_REACTOR_RESOLVE_HOST_H_
#define POLYMUX_REACTOR_RESOLVE_HOST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reactor/inet_address.h"

namespace polymux {

// From 1 to 65535 in decimal digits, without a sign, blanks or leading zeros.
// Empty for anything else.
std::optional<std::uint16_t> ParsePort(std::string_view text);

// Where a server listens, as a person writes it.
struct HostPort {
  std::string host;  // without brackets
  std::uint16_t port = 0;
};

// "HOST:PORT" or "[IPV6]:PORT", with a port as above. Empty for anything else.
std::optional<HostPort> ParseHostPort(std::string_view text);

// What a host's name stands for.
struct ResolvedHost {
  // In the order in which they are to be tried (RFC 6724), each once, IPv4 and
  // IPv6, at most kMostAddresses. A host often has several, of which not all
  // are listened on: localhost has ::1 and 127.0.0.1.
  std::vector<InetAddress> addresses;
  // Without an address: why, with the name in it, which is repeated as it is.
  std::string error = {};

  static constexpr std::size_t kMostAddresses = 64;
};

// Numeric addresses ("127.0.0.1", "::1", "fe80::1%lo") are read without a look
// into any file. A name is looked up as the system is configured to,
// getaddrinfo(3): that BLOCKS, for many seconds when a name server does not
// answer. So call it before the loop runs, or in a thread of a WorkerPool.
// Any thread.
ResolvedHost ResolveHost(const std::string& host, std::uint16_t port);
inline ResolvedHost ResolveHost(const HostPort& host_port) {
  return ResolveHost(host_port.host, host_port.port);
}

}  // namespace polymux

#endif  // POLYMUX_REACTOR_RESOLVE_HOST_H_
