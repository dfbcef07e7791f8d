#ifndef POLYMUX_BENCH_LOAD_RUN_LOAD_H_
#define POLYMUX_BENCH_LOAD_RUN_LOAD_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "bench/load/arrivals.h"
#include "bench/load/cpu_list.h"
#include "bench/load/tally.h"
#include "bench/load/window_probe.h"
#include "reactor/inet_address.h"

namespace polymux::bench {

// The traffic of one run.
struct LoadShape {
  std::size_t connections = 100;  // active ones
  std::size_t idle = 0;           // further ones that stay silent
  std::size_t size = 64;          // bytes of a message, > 0
  std::size_t depth = 1;          // messages outstanding per connection, > 0
  std::size_t threads = 1;        // > 0
  std::chrono::nanoseconds warm_up = std::chrono::milliseconds(500);
  std::chrono::nanoseconds duration = std::chrono::seconds(3);
  std::uint64_t seed = 1;
  // Open loop: messages per second over all active connections, > 0. Empty:
  // closed loop.
  std::optional<double> rate = {};
  Arrivals arrivals = Arrivals::kPoisson;
  // Open loop: how long before a message is due the thread is awake, and spins;
  // by default longer than a sleeping thread takes to come back. Zero when this
  // shape is made where one CPU is allowed, which the server then needs; a
  // generator that is pinned to a CPU later has it for itself.
  std::chrono::nanoseconds awake_ahead =
      std::chrono::microseconds(HasSeveralCpus() ? 60 : 0);
  // After so many messages (> 0) a connection is replaced. Empty: never.
  std::optional<std::size_t> messages_per_connection = {};
  // Further connections that send without end and hardly read.
  std::size_t slow_readers = 0;
  // All active connections send at the same instant, in rounds.
  bool burst = false;
  // The first connection alone sends, and all receive it.
  bool fan_out = false;
  // An open loop may have so many messages on the way, divided evenly among its
  // connections (at least one each); more are an error.
  std::size_t max_backlog = std::size_t{1} << 20;
  // No progress on any connection for so long is an error.
  std::chrono::milliseconds stall_limit = std::chrono::seconds(5);
};

struct LoadResult : Tally {
  WindowReading window;
  bool stopped = false;  // given up because stop_fd turned readable
};

// Opens the connections, warms up, measures and lets what is on the way come
// back. `processes` may be null; `signal_window` sends SIGUSR1 to the first of
// them at both edges of the window. Gives up when `stop_fd` is readable.
// Throws std::system_error when descriptors run short at the start.
LoadResult RunLoad(const InetAddress& target, const LoadShape& shape,
                   const ObservedProcesses* processes, bool signal_window,
                   int stop_fd);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_RUN_LOAD_H_
