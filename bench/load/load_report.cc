#include "bench/load/load_report.h"

#include <fmt/core.h>

#include <array>
#include <chrono>
#include <cmath>
#include <optional>
#include <string_view>

#include "apps/flag_values.h"

namespace polymux::bench {
namespace {

using Json = nlohmann::ordered_json;

struct Percentile {
  const char* json_name;
  const char* title;
  double quantile;
};

constexpr std::array kPercentiles = {
    Percentile{"p50", "p50", 0.5},
    Percentile{"p90", "p90", 0.9},
    Percentile{"p99", "p99", 0.99},
    Percentile{"p999", "p99.9", 0.999},
};

double PerSecond(std::uint64_t count, const WindowReading& window) {
  if (window.window_ns <= 0) return 0;
  return static_cast<double>(count) * 1e9 /
         static_cast<double>(window.window_ns);
}

double ShareOfOneCpu(std::int64_t cpu_ns, const WindowReading& window) {
  if (window.window_ns <= 0) return 0;
  return static_cast<double>(cpu_ns) / static_cast<double>(window.window_ns);
}

template <typename Value>
Json OrNull(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json LatencyJson(const Histogram& latency) {
  Json json;
  for (const Percentile& percentile : kPercentiles) {
    json[percentile.json_name] =
        OrNull(latency.ValueAtQuantile(percentile.quantile));
  }
  json["max"] = OrNull(latency.max());
  return json;
}

Json HistogramJson(const Histogram& latency) {
  Json json = Json::array();
  for (const auto& bucket : latency.Buckets()) {
    json.push_back(Json::array({bucket.upper, bucket.count}));
  }
  return json;
}

Json ObservedJson(const std::optional<ObservedUsage>& usage) {
  if (!usage) return nullptr;
  return Json{{"cpu_ns", OrNull(usage->cpu_ns)},
              {"cpu_source", usage->cpu_source},
              {"user_ns", OrNull(usage->user_ns)},
              {"system_ns", OrNull(usage->system_ns)},
              {"rss_bytes", OrNull(usage->rss_bytes)},
              {"rss_anon_bytes", OrNull(usage->rss_anon_bytes)},
              {"unknown", usage->unknown}};
}

Json OptionalLatencyJson(const Histogram& times) {
  return times.count() == 0 ? Json(nullptr) : LatencyJson(times);
}

Json HistogramsJson(const LoadResult& result) {
  Json json = Json::object();
  const auto add = [&json](const char* name, const Histogram& times) {
    if (times.count() != 0) json[name] = HistogramJson(times);
  };
  add("service", result.service);
  add("send_lag", result.send_lag);
  add("connect", result.connect);
  return json;
}

// Of an interrupted run, in the part of the window that there was.
double IntendedRate(const LoadShape& shape, const LoadResult& result) {
  if (result.stopped) return PerSecond(result.due, result.window);
  return static_cast<double>(result.due) /
         std::chrono::duration<double>(shape.duration).count();
}

Json RateJson(const LoadShape& shape, const LoadResult& result) {
  if (!shape.rate) return nullptr;
  return Json{{"asked", *shape.rate},
              {"intended", IntendedRate(shape, result)},
              {"achieved", PerSecond(result.messages(), result.window)},
              {"sent_late", result.sent_late},
              {"late", IsGeneratorLate(result)}};
}

Json HalfServerCpuJson(const WindowReading& window) {
  if (!window.half_observed_cpu_ns) return nullptr;
  return *window.half_observed_cpu_ns;
}

Json ContextSwitchesJson(const std::optional<ObservedUsage>& usage) {
  if (!usage) return nullptr;
  return Json{{"voluntary", OrNull(usage->voluntary_switches)},
              {"involuntary", OrNull(usage->involuntary_switches)}};
}

Json SystemJson(const WindowReading& window) {
  const SystemUsage& system = window.system;
  return Json{{"steal_ns", OrNull(system.steal_ns)},
              {"psi_cpu_some_us", OrNull(system.psi_cpu_some_us)},
              {"other_cpu_ns", window.other_cpu_ns},
              {"begun_unseen", window.begun_unseen},
              {"throttled_ns", OrNull(system.throttled_ns)}};
}

Json ErrorsJson(const LoadErrors& errors) {
  return Json{{"mismatch", errors.mismatch},
              {"short", errors.short_echo},
              {"closed", errors.closed},
              {"connect", errors.connect},
              {"backlog", errors.backlog}};
}

std::string Grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
  return digits;
}

// Whole from 100 on, three digits below.
std::string RateText(double per_second) {
  if (per_second < 99.95) return fmt::format("{:.3g}", per_second);
  return Grouped(static_cast<std::uint64_t>(std::llround(per_second)));
}

// Three significant digits.
std::string ShortNumber(double value) {
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f}", value, decimals);
}

std::string ShortTime(std::uint64_t nanoseconds) {
  const auto value = static_cast<double>(nanoseconds);
  if (value < 1e3) return fmt::format("{} ns", nanoseconds);
  if (value < 999.5e3) return ShortNumber(value / 1e3) + " us";
  if (value < 999.5e6) return ShortNumber(value / 1e6) + " ms";
  return ShortNumber(value / 1e9) + " s";
}

std::string LatencyLine(const char* title, const Histogram& latency) {
  std::string line = fmt::format("{:8}", title);
  for (const Percentile& percentile : kPercentiles) {
    const auto value = latency.ValueAtQuantile(percentile.quantile);
    line += fmt::format("  {} {}", percentile.title,
                        value ? ShortTime(*value) : "n/a");
  }
  const auto max = latency.max();
  return line + "  max " + (max ? ShortTime(*max) : "n/a") + "\n";
}

std::string TrafficLines(const LoadShape& shape, const LoadResult& result) {
  std::string lines;
  if (shape.rate) {
    lines += fmt::format(
        "rate     {} per second were due{}\n",
        RateText(IntendedRate(shape, result)),
        IsGeneratorLate(result) ? "; the load generator was LATE" : "");
    lines += LatencyLine("service", result.service);
    lines += LatencyLine("send lag", result.send_lag);
  }
  if (result.connections_opened() != 0) {
    lines += fmt::format("opened   {} connections\n",
                         Grouped(result.connections_opened()));
    lines += LatencyLine("connect", result.connect);
  }
  return lines;
}

std::string ObservedText(const ObservedUsage& usage,
                         const WindowReading& window, std::uint64_t messages) {
  std::string text =
      usage.cpu_ns ? fmt::format("{:.0f}% of one CPU, {:.2f} us per message",
                                 ShareOfOneCpu(*usage.cpu_ns, window) * 100,
                                 static_cast<double>(*usage.cpu_ns) / 1e3 /
                                     static_cast<double>(messages))
                   : usage.unknown.at("cpu");
  if (usage.rss_bytes) {
    text += fmt::format(", RSS {:.1f} MiB",
                        static_cast<double>(*usage.rss_bytes) / (1 << 20));
  }
  return text;
}

std::string CpuLines(const LoadResult& result) {
  const WindowReading& window = result.window;
  const double share = ShareOfOneCpu(window.load_cpu_ns, window);
  std::string lines =
      fmt::format("load     {:.0f}% of one CPU{}\n", share * 100,
                  share > 0.9 ? ": it may set the rate" : "");
  if (!window.observed || result.messages() == 0) return lines;
  return lines + "observed " +
         ObservedText(*window.observed, window, result.messages()) + "\n";
}

std::string ErrorLines(const LoadErrors& errors) {
  if (!errors.Any()) return "errors   none\n";
  return fmt::format(
      "errors   mismatch {}, short {}, closed {}, connect {}, backlog {}\n"
      "         first: {}\n",
      errors.mismatch, errors.short_echo, errors.closed, errors.connect,
      errors.backlog, errors.first);
}

}  // namespace

bool IsGeneratorLate(const LoadResult& result) {
  return result.sent_late * 100 > result.due;
}

std::string FailureOf(const LoadShape& shape, const LoadResult& result) {
  if (result.errors.Any()) return result.errors.first;
  const bool any = result.messages() != 0 || result.latency.count() != 0;
  return any || shape.connections == 0 ? ""
                                       : "no message came back in --duration";
}

nlohmann::ordered_json LoadJson(const LoadShape& shape,
                                const LoadResult& result) {
  const WindowReading& window = result.window;
  return Json{
      {"interrupted", result.stopped},
      {"connections", shape.connections},
      {"idle", shape.idle},
      {"size", shape.size},
      {"depth", shape.depth},
      {"threads", shape.threads},
      {"messages", result.messages()},
      {"bytes", result.messages() * shape.size},
      {"window_ns", window.window_ns},
      {"messages_per_second", PerSecond(result.messages(), window)},
      {"latency_ns", LatencyJson(result.latency)},
      {"histogram", HistogramJson(result.latency)},
      {"service_ns", OptionalLatencyJson(result.service)},
      {"send_lag_ns", OptionalLatencyJson(result.send_lag)},
      {"connect_ns", OptionalLatencyJson(result.connect)},
      {"histograms", HistogramsJson(result)},
      {"rate", RateJson(shape, result)},
      {"connections_opened", result.connections_opened()},
      {"half_messages", result.half_messages},
      {"load_cpu_ns", window.load_cpu_ns},
      {"load_cpu_share", ShareOfOneCpu(window.load_cpu_ns, window)},
      {"observed", ObservedJson(window.observed)},
      {"half_server_cpu_ns", HalfServerCpuJson(window)},
      {"context_switches", ContextSwitchesJson(window.observed)},
      {"system", SystemJson(window)},
      {"errors", ErrorsJson(result.errors)},
      {"first_error",
       result.errors.first.empty() ? Json(nullptr) : Json(result.errors.first)},
  };
}

std::string LoadSummary(const LoadShape& shape, const LoadResult& result) {
  if (result.window.window_ns == 0) {
    return result.stopped ? "INTERRUPTED before anything was measured\n"
                          : ErrorLines(result.errors);
  }
  const double rate = PerSecond(result.messages(), result.window);
  const double seconds = static_cast<double>(result.window.window_ns) / 1e9;
  std::string interrupted;
  if (result.stopped) {
    interrupted = fmt::format("INTERRUPTED after {:.2f} s of {}\n", seconds,
                              FormatDuration(shape.duration));
  }
  return interrupted +
         fmt::format(
             "{} active and {} idle connections, {} bytes, depth {}, "
             "{:.2f} s\n"
             "messages {} ({} per second, {:.1f} MiB/s each way)\n",
             Grouped(shape.connections), Grouped(shape.idle),
             Grouped(shape.size), shape.depth, seconds,
             Grouped(result.messages()), RateText(rate),
             rate * static_cast<double>(shape.size) / (1024.0 * 1024.0)) +
         LatencyLine("latency", result.latency) + TrafficLines(shape, result) +
         CpuLines(result) + ErrorLines(result.errors);
}

}  // namespace polymux::bench
