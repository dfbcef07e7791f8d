#ifndef POLYMUX_BENCH_REPORT_COST_COLUMNS_H_
#define POLYMUX_BENCH_REPORT_COST_COLUMNS_H_

#include <array>
#include <string_view>
#include <vector>

#include "bench/lab/metrics.h"
#include "bench/lab/scenario.h"

namespace polymux::bench {

// A column of figures that say what a message cost and how long it took.
struct CostColumn {
  std::string_view heading;
  std::string_view metric;
  double unit;                // what one of the metric is in the column's unit
  bool of_open_loop = false;  // only
};

inline constexpr std::string_view kRateMetric = "messages_per_second";

// The latency of an open loop counts from the time at which a message was due,
// and has two parts.
inline constexpr std::array kCostColumns{
    CostColumn{"CPU µs / message", kPrimaryMetric, 1},
    CostColumn{"messages/s", kRateMetric, 1},
    CostColumn{"p50 µs", "latency_p50_us", 1},
    CostColumn{"p99 µs", "latency_p99_us", 1},
    CostColumn{"p99.9 µs", "latency_p999_us", 1},
    CostColumn{"service p99 µs", "service_p99_us", 1, true},
    CostColumn{"send lag p99 µs", "send_lag_p99_us", 1, true},
    CostColumn{"calls / message", "system_calls_per_message", 1},
    CostColumn{"server CPU %", kServerCpuShare, 100},
    CostColumn{"RSS MiB", "rss_bytes", 1.0 / (1 << 20)},
};

// Those of the first table of a scenario, in all formats but the console's.
inline std::vector<CostColumn> CostColumnsOf(const Scenario& scenario) {
  std::vector<CostColumn> columns;
  for (const CostColumn& column : kCostColumns) {
    if (scenario.rate || !column.of_open_loop) columns.push_back(column);
  }
  return columns;
}

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_REPORT_COST_COLUMNS_H_
