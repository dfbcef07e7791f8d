#ifndef POLYMUX_BENCH_LOAD_FIND_LISTENER_H_
#define POLYMUX_BENCH_LOAD_FIND_LISTENER_H_

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "reactor/inet_address.h"

namespace polymux::bench {

struct FoundListener {
  // Empty when there is none, or stop_fd ended the search.
  std::optional<InetAddress> address = {};
  // Of the addresses before it: "[::1]:80: Connection refused".
  std::vector<std::string> failures = {};
  bool stopped = false;
};

// Which of a host's addresses is listened on: the first where a connection
// comes to be, within `patience` for each; it is closed again. A single address
// is taken without a try, so that a server sees no connection but those of the
// run. REQUIRES: there is one.
FoundListener FindListener(std::span<const InetAddress> addresses,
                           std::chrono::milliseconds patience, int stop_fd);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_FIND_LISTENER_H_
