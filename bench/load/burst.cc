#include "bench/load/burst.h"

namespace polymux::bench {

void Burst::OnReadable(Connection& connection) {
  const Echoes echoes =
      Receive(connection, [this](std::int64_t sent_at, std::int64_t now) {
        if (is_measuring()) {
          tally_.latency.Record(static_cast<std::uint64_t>(now - sent_at));
        }
      });
  if (echoes.count != 0 && outstanding() == 0 && is_asking()) SendRound();
}

void Burst::SendRound() {
  for (Connection& connection : connections()) {
    // Failed ones have no descriptor.
    if (connection.is_active && connection.fd) {
      Ask(connection, 1, MonotonicNs());
    }
  }
}

}  // namespace polymux::bench
