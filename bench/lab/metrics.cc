#include "bench/lab/metrics.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>

#include "bench/lab/snapshots.h"
#include "poller/check.h"

namespace polymux::bench {
namespace {

using Value = std::optional<double>;

Value Quotient(std::optional<std::int64_t> dividend, double divisor) {
  if (!dividend || divisor <= 0) return std::nullopt;
  return static_cast<double>(*dividend) / divisor;
}

// The sum of some counters over the messages.
Value PerMessage(const Trial& trial, const Scenario& scenario,
                 std::span<const std::string> names) {
  const auto messages = CountedMessages(trial, scenario);
  if (!messages) return std::nullopt;
  const auto& counters = trial.counters->counters;
  std::int64_t sum = 0;
  for (const std::string& name : names) {
    const auto counter = counters.find(name);
    if (counter != counters.end()) sum += counter->second;
  }
  return Quotient(sum, *messages);
}

Value PerMessage(const Trial& trial, const Scenario& scenario,
                 std::initializer_list<const char*> names) {
  return PerMessage(trial, scenario,
                    std::vector<std::string>(names.begin(), names.end()));
}

// One counter over another; none when a server does not keep both.
Value CounterQuotient(const Trial& trial, const char* dividend,
                      const char* divisor) {
  if (!trial.counters) return std::nullopt;
  const auto& counters = trial.counters->counters;
  const auto above = counters.find(dividend);
  const auto below = counters.find(divisor);
  if (above == counters.end() || below == counters.end()) return std::nullopt;
  return Quotient(above->second, static_cast<double>(below->second));
}

// None when the clock was too coarse for the window to show any: a message that
// costs nothing has no ratio to another.
std::optional<std::int64_t> ServerCpu(const LoadOutcome& load) {
  return load.server_cpu_ns == 0 ? std::nullopt : load.server_cpu_ns;
}

constexpr double kNsPerUs = 1e3;
constexpr double kNsPerSecond = 1e9;

constexpr std::array kMetrics{
    Metric{kPrimaryMetric,
           [](const Trial& trial, const Scenario&) {
             return Quotient(
                 ServerCpu(trial.load),
                 static_cast<double>(trial.load.messages) * kNsPerUs);
           }},
    Metric{"messages_per_second",
           [](const Trial& trial, const Scenario&) {
             return Quotient(
                 trial.load.messages,
                 static_cast<double>(trial.load.window_ns) / kNsPerSecond);
           }},
    Metric{"latency_p50_us",
           [](const Trial& trial, const Scenario&) {
             return Quotient(trial.load.latency_ns.p50, kNsPerUs);
           }},
    Metric{"latency_p90_us",
           [](const Trial& trial, const Scenario&) {
             return Quotient(trial.load.latency_ns.p90, kNsPerUs);
           }},
    Metric{"latency_p99_us",
           [](const Trial& trial, const Scenario&) {
             return Quotient(trial.load.latency_ns.p99, kNsPerUs);
           }},
    Metric{"latency_p999_us",
           [](const Trial& trial, const Scenario&) {
             return Quotient(trial.load.latency_ns.p999, kNsPerUs);
           }},
    Metric{"latency_max_us",
           [](const Trial& trial, const Scenario&) {
             return Quotient(trial.load.latency_ns.max, kNsPerUs);
           }},
    Metric{"service_p50_us",
           [](const Trial& trial, const Scenario&) -> Value {
             if (!trial.load.service_ns) return std::nullopt;
             return Quotient(trial.load.service_ns->p50, kNsPerUs);
           }},
    Metric{"service_p99_us",
           [](const Trial& trial, const Scenario&) -> Value {
             if (!trial.load.service_ns) return std::nullopt;
             return Quotient(trial.load.service_ns->p99, kNsPerUs);
           }},
    Metric{"send_lag_p99_us",
           [](const Trial& trial, const Scenario&) -> Value {
             if (!trial.load.send_lag_ns) return std::nullopt;
             return Quotient(trial.load.send_lag_ns->p99, kNsPerUs);
           }},
    Metric{kServerCpuShare,
           [](const Trial& trial, const Scenario&) {
             return Quotient(trial.load.server_cpu_ns,
                             static_cast<double>(trial.load.window_ns));
           }},
    Metric{"load_cpu_share",
           [](const Trial& trial, const Scenario&) {
             return Quotient(trial.load.load_cpu_ns,
                             static_cast<double>(trial.load.window_ns));
           }},
    Metric{"rss_bytes",
           [](const Trial& trial, const Scenario&) {
             return Quotient(trial.load.rss_bytes, 1);
           }},
    Metric{"user_us_per_message",
           [](const Trial& trial, const Scenario&) {
             return Quotient(
                 trial.load.server_user_ns,
                 static_cast<double>(trial.load.messages) * kNsPerUs);
           }},
    Metric{"system_us_per_message",
           [](const Trial& trial, const Scenario&) {
             return Quotient(
                 trial.load.server_system_ns,
                 static_cast<double>(trial.load.messages) * kNsPerUs);
           }},
    Metric{"voluntary_switches_per_1000",
           [](const Trial& trial, const Scenario&) {
             return Quotient(trial.load.voluntary_switches,
                             static_cast<double>(trial.load.messages) / 1000);
           }},
    Metric{"involuntary_switches_per_1000",
           [](const Trial& trial, const Scenario&) {
             return Quotient(trial.load.involuntary_switches,
                             static_cast<double>(trial.load.messages) / 1000);
           }},
    Metric{"calibration_before_us",
           [](const Trial& trial, const Scenario&) -> Value {
             if (!trial.calibration_ns) return std::nullopt;
             return static_cast<double>((*trial.calibration_ns)[0]) / kNsPerUs;
           }},
    Metric{"calibration_after_us",
           [](const Trial& trial, const Scenario&) -> Value {
             if (!trial.calibration_ns) return std::nullopt;
             return static_cast<double>((*trial.calibration_ns)[1]) / kNsPerUs;
           }},
    Metric{"events_per_wait",
           [](const Trial& trial, const Scenario&) {
             return CounterQuotient(trial, "events", "waits");
           }},
    Metric{"bytes_per_read",
           [](const Trial& trial, const Scenario&) {
             return CounterQuotient(trial, "bytes_read", "reads");
           }},
    Metric{kBusiestLoopShare,
           [](const Trial& trial, const Scenario&) {
             return CounterQuotient(trial, kBusiestLoopBytesRead, "bytes_read");
           }},
    Metric{kQuietestLoopShare,
           [](const Trial& trial, const Scenario&) {
             return CounterQuotient(trial, kQuietestLoopBytesRead,
                                    "bytes_read");
           }},
    Metric{"waits_per_message",
           [](const Trial& trial, const Scenario& scenario) {
             return PerMessage(trial, scenario, {"waits"});
           }},
    Metric{
        "changes_per_message",
        [](const Trial& trial, const Scenario& scenario) {
          return PerMessage(trial, scenario, {"adds", "modifies", "removes"});
        }},
    Metric{"reads_per_message",
           [](const Trial& trial, const Scenario& scenario) {
             return PerMessage(trial, scenario, {"reads"});
           }},
    Metric{"eagain_reads_per_message",
           [](const Trial& trial, const Scenario& scenario) {
             return PerMessage(trial, scenario, {"eagain_reads"});
           }},
    Metric{"writes_per_message",
           [](const Trial& trial, const Scenario& scenario) {
             return PerMessage(trial, scenario, {"writes"});
           }},
    Metric{"system_calls_per_message",
           [](const Trial& trial, const Scenario& scenario) -> Value {
             if (!trial.counters) return std::nullopt;
             return PerMessage(trial, scenario, trial.counters->system_calls);
           }},
};

}  // namespace

std::optional<double> CountedMessages(const Trial& trial,
                                      const Scenario& scenario) {
  if (!trial.counters || scenario.slow_readers > 0) return std::nullopt;
  const auto& counters = trial.counters->counters;
  const auto bytes =
      counters.find(scenario.fan_out ? "bytes_written" : "bytes_read");
  if (bytes == counters.end()) return std::nullopt;
  return static_cast<double>(bytes->second) /
         static_cast<double>(scenario.message_size);
}

std::span<const Metric> Metrics() { return kMetrics; }

const Metric& FindMetric(std::string_view name) {
  const auto found = std::ranges::find(kMetrics, name, &Metric::name);
  POLYMUX_CHECK(found != kMetrics.end(), "no such metric");
  return *found;
}

}  // namespace polymux::bench
