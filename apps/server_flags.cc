#include "apps/server_flags.h"

#include <sys/resource.h>

#include <algorithm>

namespace polymux {
namespace {

constexpr int kMaxReactors = 256;

// For CLI11: empty when `name` can be used, else what is wrong with it.
std::string CheckBackend(const std::string& name) {
  if (FindBackend(name) != nullptr) return {};
  if (Backends().size() == 1) {
    return "'" + name +
           "' is not in this program: it was built with --//poller:backend=" +
           BackendNames() + " and has only that one";
  }
  return "'" + name + "' is no backend; there are " + BackendNames();
}

std::string CheckAddress(const std::string& host) {
  if (InetAddress::Parse(host, 0)) return {};
  return "'" + host + "' is not a numeric IPv4 or IPv6 address";
}

std::size_t DefaultMaxConnections(const Backend& backend, int reactors) {
  constexpr std::size_t kDefault = 10'000;
  // Standard streams, listener, spare, signals, files and the main loop's
  // three; each further loop has three, and two for a listener of its own.
  constexpr std::size_t kOwn = 16;
  constexpr std::size_t kPerLoop = 5;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  std::size_t descriptors = limit.rlim_cur;
  if (backend.max_fd) {
    descriptors =
        std::min(descriptors, static_cast<std::size_t>(*backend.max_fd) + 1);
  }
  const std::size_t own = kOwn + kPerLoop * static_cast<std::size_t>(reactors);
  return std::min(kDefault, descriptors > own ? descriptors - own : 1);
}

}  // namespace

CLI::Validator Between(int low, int high) {
  return CLI::Range(low, high).description("");
}

void ServerFlags::AddTo(CLI::App& app) {
  app.add_option("--backend", backend_, "I/O multiplexer: " + BackendNames())
      ->check(CheckBackend)
      ->type_name("NAME")
      ->capture_default_str();
  app.add_option("--bind", host_,
                 "numeric IPv4 or IPv6 address to listen on, like fe80::1%eth0")
      ->check(CheckAddress)
      ->type_name("ADDRESS")
      ->capture_default_str();
  app.add_option("--port", port_, "TCP port; 0 takes a free one")
      ->type_name("PORT")
      ->capture_default_str();
  app.add_option("--reactors", reactors_,
                 "threads that serve connections, beside the one that accepts; "
                 "0 does everything in one thread")
      ->check(Between(0, kMaxReactors))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--max-connections", max_connections_,
                 "connections at the same time; more are accepted and "
                 "closed at once. Default: 10000, or what the descriptor "
                 "limit and the backend allow")
      ->check(Between(1, 1 << 30))
      ->type_name("N");
  app.add_option("--max-per-ip", max_per_ip_,
                 "connections of one IPv4 address, or of one IPv6 network of "
                 "64 bits, at the same time; more are closed at once. 0: no "
                 "limit")
      ->check(Between(0, 1 << 30))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--accepts-per-event", accepts_per_event_,
                 "connections accepted before the open ones have their turn")
      ->check(Between(1, 1 << 20))
      ->type_name("N")
      ->capture_default_str();
}

std::size_t ServerFlags::max_connections() const {
  return max_connections_ != 0 ? max_connections_
                               : DefaultMaxConnections(backend(), reactors_);
}

}  // namespace polymux
