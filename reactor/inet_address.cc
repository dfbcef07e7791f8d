#include "reactor/inet_address.h"

#include <arpa/inet.h>
#include <net/if.h>

#include <array>
#include <charconv>
#include <cstring>

#include "poller/check.h"

namespace polymux {
namespace {

// Of the interface with this name or number; nothing when there is none.
std::optional<std::uint32_t> ScopeOf(const std::string& interface) {
  std::uint32_t scope = ::if_nametoindex(interface.c_str());
  if (scope != 0) return scope;
  const char* const end = interface.data() + interface.size();
  const auto [rest, error] = std::from_chars(interface.data(), end, scope);
  if (error != std::errc() || rest != end || scope == 0) return std::nullopt;
  return scope;
}

// "%eth0", or "%2" when no interface has that number now.
std::string ScopeText(std::uint32_t scope) {
  std::array<char, IF_NAMESIZE> name{};
  if (::if_indextoname(scope, name.data()) != nullptr) {
    return "%" + std::string(name.data());
  }
  return "%" + std::to_string(scope);
}

}  // namespace

InetAddress::InetAddress() {
  std::memset(&address_, 0, sizeof(address_));
  address_.any.sa_family = AF_INET;
}

std::optional<InetAddress> InetAddress::Parse(const std::string& host,
                                              std::uint16_t port) {
  // inet_pton(3) would see what is before it.
  if (host.find('\0') != std::string::npos) return std::nullopt;
  InetAddress result;
  if (::inet_pton(AF_INET, host.c_str(), &result.address_.v4.sin_addr) == 1) {
    result.address_.v4.sin_port = htons(port);
    return result;
  }
  const std::size_t percent = host.find('%');
  const std::string v6 = host.substr(0, percent);
  if (::inet_pton(AF_INET6, v6.c_str(), &result.address_.v6.sin6_addr) != 1) {
    return std::nullopt;
  }
  result.address_.v6.sin6_family = AF_INET6;
  result.address_.v6.sin6_port = htons(port);
  if (percent == std::string::npos) return result;
  const std::optional<std::uint32_t> scope = ScopeOf(host.substr(percent + 1));
  if (!scope) return std::nullopt;
  result.address_.v6.sin6_scope_id = *scope;
  return result;
}

InetAddress InetAddress::LocalOf(int fd) {
  sockaddr_storage storage;
  socklen_t size = sizeof(storage);
  const int result =
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size);
  POLYMUX_CHECK(result == 0, "LocalOf needs a socket");
  return From(storage);
}

InetAddress InetAddress::From(const sockaddr_storage& storage) {
  POLYMUX_CHECK(storage.ss_family == AF_INET || storage.ss_family == AF_INET6,
                "an InetAddress holds an IPv4 or IPv6 address");
  InetAddress result;
  std::memcpy(&result.address_, &storage, sizeof(result.address_));
  return result;
}

std::uint16_t InetAddress::port() const {
  return ntohs(family() == AF_INET ? address_.v4.sin_port
                                   : address_.v6.sin6_port);
}

socklen_t InetAddress::size() const {
  return family() == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
}

std::string InetAddress::ToString() const {
  std::array<char, INET6_ADDRSTRLEN> host{};
  const std::string colon_port = ":" + std::to_string(port());
  if (family() == AF_INET) {
    ::inet_ntop(AF_INET, &address_.v4.sin_addr, host.data(), host.size());
    return host.data() + colon_port;
  }
  ::inet_ntop(AF_INET6, &address_.v6.sin6_addr, host.data(), host.size());
  const std::uint32_t scope = address_.v6.sin6_scope_id;
  return "[" + std::string(host.data()) + (scope != 0 ? ScopeText(scope) : "") +
         "]" + colon_port;
}

}  // namespace polymux
