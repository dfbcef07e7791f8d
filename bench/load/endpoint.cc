#include "bench/load/endpoint.h"

#include <netdb.h>

#include <charconv>
#include <cstring>
#include <memory>
#include <stdexcept>

namespace polymux::bench {
namespace {

[[noreturn]] void Reject(std::string_view text) {
  throw std::invalid_argument(
      "'" + std::string(text) +
      "': write HOST:PORT, like 127.0.0.1:7000 or [::1]:7000");
}

bool IsPort(std::string_view text) {
  unsigned port = 0;
  const char* const end = text.data() + text.size();
  const auto [next, error] = std::from_chars(text.data(), end, port);
  return error == std::errc() && next == end && port >= 1 && port <= 65535;
}

}  // namespace

HostPort ParseHostPort(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) Reject(text);
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const bool bracketed =
      host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto misplaced = host.find_first_of(bracketed ? "[]" : "[]:");
  if (host.empty() || misplaced != host.npos || !IsPort(port)) Reject(text);
  return HostPort{std::string(host), std::string(port)};
}

Endpoint Endpoint::Resolve(const HostPort& host_port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(host_port.host.c_str(), host_port.port.c_str(),
                                &hints, &list);
  if (error != 0) {
    throw std::runtime_error("cannot resolve '" + host_port.host +
                             "': " + gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list,
                                                             freeaddrinfo);
  Endpoint endpoint;
  endpoint.length_ = list->ai_addrlen;
  std::memcpy(&endpoint.storage_, list->ai_addr, list->ai_addrlen);
  return endpoint;
}

bool Endpoint::IsIpv4Loopback() const {
  if (family() != AF_INET) return false;
  sockaddr_in address;
  std::memcpy(&address, &storage_, sizeof(address));
  return ntohl(address.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

}  // namespace polymux::bench
