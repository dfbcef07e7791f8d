#ifndef POLYMUX_BENCH_LAB_LOAD_PROCESS_H_
#define POLYMUX_BENCH_LAB_LOAD_PROCESS_H_

#include <sys/types.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
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
  // The server's processes, which with their descendants are observed.
  std::vector<pid_t> observed = {};
  // The control group that they are in; empty: none.
  std::filesystem::path cgroup = {};
  // Whether the first of them understands SIGUSR1.
  bool signal_window = false;
  // Chooses the bytes and the times of an open loop; empty: always the same.
  std::optional<std::uint64_t> seed = {};
  // The `polymux` to run.
  std::string polymux;
  // Where its stack begins: ProcessOptions::padding.
  std::optional<std::size_t> padding = {};
};

// LoadOutcome::cpu_source when no control group has counted.
inline constexpr std::string_view kCpuClocks = "clocks";

// What one run of the load generator says.  Times are in nanoseconds; empty is
// "not available", for instance a percentile of too few samples.
struct LoadOutcome {
  std::int64_t messages = 0;
  std::int64_t window_ns = 0;
  std::int64_t load_cpu_ns = 0;

  struct Latency {
    std::optional<std::int64_t> p50, p90, p99, p999, max;
  };
  // From the time at which a message was due in an open loop, and at which it
  // was sent in a closed one.
  Latency latency_ns;
  // Open loop: from the time at which a message was sent.
  std::optional<Latency> service_ns;
  // Open loop: how long after its time a message was sent.
  std::optional<Latency> send_lag_ns;
  // Of the connections that were opened in the window.
  std::optional<Latency> connect_ns;

  // {upper bound of the bucket in ns, samples}
  using Histogram = std::vector<std::pair<std::int64_t, std::int64_t>>;
  Histogram histogram;  // of the latency
  // "service", "send_lag", "connect": those that there are.
  std::map<std::string, Histogram> histograms;

  // What an open loop came to.
  struct Rate {
    double intended;         // messages due per second of the window
    double achieved;         // messages answered per second of the window
    std::int64_t sent_late;  // messages that the generator itself was late for
    bool late;               // so many that the latencies are not the server's
  };
  std::optional<Rate> rate;

  std::int64_t connections_opened = 0;  // in the window
  // In the first and the second half of the window.
  std::array<std::int64_t, 2> half_messages{};
  std::optional<std::array<std::int64_t, 2>> half_server_cpu_ns;

  std::optional<std::int64_t> server_cpu_ns;
  // "cgroup2", "cgroup1", kCpuClocks; empty: not known.
  std::string cpu_source;
  std::optional<std::int64_t> server_user_ns;
  std::optional<std::int64_t> server_system_ns;
  std::optional<std::int64_t> rss_bytes;
  std::optional<std::int64_t> rss_anon_bytes;
  // Of all threads of the server.
  std::optional<std::int64_t> voluntary_switches;
  std::optional<std::int64_t> involuntary_switches;

  // Why "cpu", "memory" or "context_switches" of the server are not available.
  std::map<std::string, std::string> unknown;

  // What the machine did meanwhile: CPU time taken away by a hypervisor, the
  // time in which somebody waited for a CPU, and CPU time used by others than
  // the server and the load generator.
  std::optional<std::int64_t> steal_ns;
  std::optional<std::int64_t> psi_cpu_us;
  std::int64_t other_cpu_ns = 0;
  // Processes and threads that began and may have been the server's: it leaves
  // no trace of those that have ended.
  std::int64_t begun_unseen = 0;
  // How long a CPU quota stopped server and load generator; empty: there is
  // none.
  std::optional<std::int64_t> throttled_ns;

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
