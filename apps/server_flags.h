#ifndef POLYMUX_APPS_SERVER_FLAGS_H_
#define POLYMUX_APPS_SERVER_FLAGS_H_

#include <CLI/CLI.hpp>
#include <cstddef>
#include <cstdint>
#include <string>

#include "poller/backends.h"
#include "reactor/inet_address.h"

namespace polymux {

// What the command line of every server says: the backend, the address and how
// many may connect.
class ServerFlags {
 public:
  // Adds the flags. This must outlive the parsing; what follows is for
  // afterwards.
  void AddTo(CLI::App& app);

  const Backend& backend() const { return *FindBackend(backend_); }
  InetAddress address() const { return *InetAddress::Parse(host_, port_); }
  int reactors() const { return reactors_; }
  // As given, or 10,000, or what the descriptor limit and the backend leave
  // after the server's own needs.
  std::size_t max_connections() const;
  // 0: no limit.
  std::size_t max_per_ip() const { return max_per_ip_; }
  int accepts_per_event() const { return accepts_per_event_; }

 private:
  std::string backend_{DefaultBackend().name};
  std::string host_ = "127.0.0.1";
  std::uint16_t port_ = 0;
  int reactors_ = 1;
  std::size_t max_connections_ = 0;  // 0: not given
  std::size_t max_per_ip_ = 0;
  int accepts_per_event_ = 64;
};

// CLI11's range check without its addition to the help text.
CLI::Validator Between(int low, int high);

}  // namespace polymux

#endif  // POLYMUX_APPS_SERVER_FLAGS_H_
