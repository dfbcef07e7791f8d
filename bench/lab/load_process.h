#ifndef POLYMUX_BENCH_LAB_LOAD_PROCESS_H_
#define POLYMUX_BENCH_LAB_LOAD_PROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/lab/scenario.h"

namespace polymux::bench {

struct LoadProcessOptions {
  std::string address;  // of the server
  Scenario scenario;
  std::chrono::nanoseconds warm_up{0};
  std::chrono::nanoseconds window{0};
  int threads = 1;
  std::vector<int> cpus = {};
  // The server's processes, whose CPU clocks are read.
  std::vector<pid_t> observed = {};
  // Whether the first of them understands SIGUSR1.
  bool signal_window = false;
  // The `polymux` to run.
  std::string polymux;
};

// What one run of the load generator says.  Times are in nanoseconds; empty is
// "not available", for instance a percentile of too few samples.
struct LoadOutcome {
  std::int64_t messages = 0;
  std::int64_t window_ns = 0;
  std::int64_t load_cpu_ns = 0;

  struct Latency {
    std::optional<std::int64_t> p50, p90, p99, p999, max;
  };
  Latency latency_ns;
  // {upper bound of the bucket in ns, samples}
  std::vector<std::pair<std::int64_t, std::int64_t>> histogram;

  std::optional<std::int64_t> server_cpu_ns;
  std::optional<std::int64_t> server_user_ns;
  std::optional<std::int64_t> server_system_ns;
  std::optional<std::int64_t> rss_bytes;
  std::optional<std::int64_t> rss_anon_bytes;

  // Why the result is not to be used; empty when it is.
  std::string error;
};

// Runs the load generator to its end.  Throws std::runtime_error if it cannot
// be run, does not end or prints no result; Interrupted.
LoadOutcome RunLoadProcess(const LoadProcessOptions& options);

// Throws std::runtime_error.
LoadOutcome ParseLoadOutcome(std::string_view json_text);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_LOAD_PROCESS_H_
