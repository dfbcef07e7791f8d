#include "bench/load/closed_loop.h"

namespace polymux::bench {

void ClosedLoop::Start() {
  for (Connection& connection : connections()) {
    if (connection.is_active) {
      Ask(connection, plan().shape.depth, MonotonicNs());
    }
  }
}

void ClosedLoop::OnReadable(Connection& connection) {
  const Echoes echoes =
      Receive(connection, [this](std::int64_t sent_at, std::int64_t now) {
        if (is_measuring()) {
          tally_.latency.Record(static_cast<std::uint64_t>(now - sent_at));
        }
      });
  if (echoes.count != 0 && is_asking()) {
    Ask(connection, echoes.count, echoes.now);
  }
}

}  // namespace polymux::bench
