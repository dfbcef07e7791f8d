#ifndef POLYMUX_BENCH_LAB_METRICS_H_
#define POLYMUX_BENCH_LAB_METRICS_H_

#include <optional>
#include <span>
#include <string_view>

#include "bench/lab/scenario.h"
#include "bench/lab/trial.h"

namespace polymux::bench {

// A number that each valid trial yields, unless it is not available there.
//
// What a counter says per message is relative to CountedMessages.
struct Metric {
  std::string_view name;  // with its unit, as in results.json
  std::optional<double> (*value)(const Trial& trial, const Scenario& scenario);
};

// The one table of metrics.
std::span<const Metric> Metrics();

// REQUIRES: there is one of that name.
const Metric& FindMetric(std::string_view name);

// The messages that the *server* read between its snapshots, or wrote if it is
// a fan-out; none without its counters, nor with slow readers, whose bytes and
// calls the server counts among those of the messages. Those of the load are
// others, for the snapshots are not taken at exactly the instants at which its
// window begins and ends.
std::optional<double> CountedMessages(const Trial& trial,
                                      const Scenario& scenario);

// The one by which the arms are compared.
inline constexpr std::string_view kPrimaryMetric = "server_cpu_us_per_message";

// Of all bytes read, those of the loop that read most: 1 / reactors when all
// did the same.
inline constexpr std::string_view kBusiestLoopShare = "busiest_loop_share";

// Those of the loop that read least.
inline constexpr std::string_view kQuietestLoopShare = "quietest_loop_share";

// The CPU time that the server used in the window, in CPUs.
inline constexpr std::string_view kServerCpuShare = "server_cpu_share";

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_METRICS_H_
