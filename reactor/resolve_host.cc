#include "reactor/resolve_host.h"

#include <netdb.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <system_error>

namespace polymux {
namespace {

std::string Failure(const std::string& host, const std::string& why) {
  return "cannot resolve '" + host + "': " + why;
}

std::string Describe(int error) {
  if (error == EAI_SYSTEM) return std::system_category().message(errno);
  return gai_strerror(error);
}

struct AddressList {
  std::unique_ptr<addrinfo, void (*)(addrinfo*)> first;
  int error;
};

AddressList GetAddresses(const std::string& host, std::uint16_t port,
                         int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | flags;
  addrinfo* list = nullptr;
  const int error =
      getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  return {{error == 0 ? list : nullptr, freeaddrinfo}, error};
}

// Of what a name or an address with a zone index consists: a name server is not
// asked for anything else, which would take its time.
bool MayBeLookedUp(const std::string& host) {
  constexpr std::size_t kLongest = 255;
  const auto is_usual = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') ||
           std::string_view("-_.:%").find(c) != std::string_view::npos;
  };
  return !host.empty() && host.size() <= kLongest &&
         std::all_of(host.begin(), host.end(), is_usual);
}

// Whether it is no name, but was meant to be an address: "999.1.1.1", ":::".
bool IsLikeAnAddress(const std::string& host) {
  const std::string last = host.substr(host.rfind('.') + 1);
  const bool ends_in_number =
      !last.empty() &&
      last.find_first_not_of("0123456789") == std::string::npos;
  return ends_in_number || host.find_first_of(":%") != std::string::npos;
}

InetAddress ToInetAddress(const addrinfo& entry) {
  sockaddr_storage storage{};
  std::memcpy(&storage, entry.ai_addr, entry.ai_addrlen);
  return InetAddress::From(storage);
}

bool IsSame(const InetAddress& one, const InetAddress& other) {
  return one.size() == other.size() &&
         std::memcmp(one.data(), other.data(), one.size()) == 0;
}

void Append(const addrinfo& entry, std::vector<InetAddress>& addresses) {
  if (entry.ai_family != AF_INET && entry.ai_family != AF_INET6) return;
  if (addresses.size() == ResolvedHost::kMostAddresses) return;
  const InetAddress address = ToInetAddress(entry);
  const bool is_there = std::any_of(
      addresses.begin(), addresses.end(),
      [&](const InetAddress& known) { return IsSame(known, address); });
  if (!is_there) addresses.push_back(address);
}

}  // namespace

std::optional<std::uint16_t> ParsePort(std::string_view text) {
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [next, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc() || next != end || text.front() == '0') return {};
  return port;
}

std::optional<HostPort> ParseHostPort(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const auto port = ParsePort(text.substr(colon + 1));
  const bool bracketed =
      host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto misplaced = host.find_first_of(bracketed ? "[]" : "[]:");
  if (host.empty() || misplaced != host.npos || !port) return std::nullopt;
  return HostPort{std::string(host), *port};
}

ResolvedHost ResolveHost(const std::string& host, std::uint16_t port) {
  if (const auto numeric = InetAddress::Parse(host, port)) return {{*numeric}};
  if (!MayBeLookedUp(host)) {
    return {{}, Failure(host, "neither an address nor a name of a host")};
  }
  AddressList list = GetAddresses(host, port, AI_NUMERICHOST);
  if (list.error == EAI_NONAME && !IsLikeAnAddress(host)) {
    list = GetAddresses(host, port, 0);
  }
  if (list.error != 0) return {{}, Failure(host, Describe(list.error))};
  ResolvedHost resolved;
  for (const addrinfo* entry = list.first.get(); entry != nullptr;
       entry = entry->ai_next) {
    Append(*entry, resolved.addresses);
  }
  if (resolved.addresses.empty()) {
    resolved.error = Failure(host, "neither an IPv4 nor an IPv6 address");
  }
  return resolved;
}

}  // namespace polymux
