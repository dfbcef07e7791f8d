#ifndef POLYMUX_APPS_ECHO_OPTIONS_H_
#define POLYMUX_APPS_ECHO_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "apps/echo_work.h"
#include "poller/backends.h"
#include "reactor/connection.h"
#include "reactor/inet_address.h"
#include "reactor/placement.h"

namespace polymux {

// What the command line of echo_server says.
struct EchoOptions {
  const Backend* backend = nullptr;
  InetAddress address;
  int reactors = 1;
  Strategy strategy = Strategy::kRoundRobin;
  int backlog = 4096;
  bool no_delay = true;
  Connection::Options connection;
  Duration drain_timeout = std::chrono::seconds(5);
  std::size_t max_connections = 0;
  std::size_t max_per_ip = 0;  // 0: no limit
  int accepts_per_event = 0;
  EchoWork::Options work;
  bool fan_out = false;
  std::string stats_json;  // empty: none
};

// Fills `options`. Empty: go on; otherwise the exit code for main (0 after
// --help, 2 after a usage error), everything having been told.
std::optional<int> ParseEchoOptions(int argc, char** argv,
                                    EchoOptions* options);

}  // namespace polymux

#endif  // POLYMUX_APPS_ECHO_OPTIONS_H_
