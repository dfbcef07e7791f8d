#include "bench/lab/load_process.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "apps/printable_text.h"
#include "bench/lab/process.h"

namespace polymux::bench {
namespace {

using nlohmann::json;

// Beyond warm-up and window: to connect and to end. A server that looks at all
// connections for each new one takes some 0.5 ms for it when there are 20,000.
constexpr std::chrono::seconds kPatience{30};
constexpr std::chrono::milliseconds kPatienceForConnection{2};
constexpr const char* kNoMessage = "no message came back";

std::string Nanoseconds(std::chrono::nanoseconds duration) {
  return fmt::format("{}ns", duration.count());
}

void AddTraffic(const Scenario& scenario, std::vector<std::string>& command) {
  const auto add = [&command](const char* flag, std::string value) {
    command.emplace_back(flag);
    command.push_back(std::move(value));
  };
  if (scenario.rate) {
    add("--rate", fmt::format("{}", *scenario.rate));
    add("--arrivals", std::string(ToString(scenario.arrivals)));
  }
  if (scenario.messages_per_connection) {
    add("--messages-per-connection",
        std::to_string(*scenario.messages_per_connection));
  }
  if (scenario.slow_readers != 0) {
    add("--slow-readers", std::to_string(scenario.slow_readers));
  }
  if (scenario.burst) command.emplace_back("--burst");
  if (scenario.fan_out) command.emplace_back("--fan-out");
}

std::vector<std::string> Command(const LoadProcessOptions& options) {
  const Scenario& scenario = options.scenario;
  std::vector<std::string> command{
      options.polymux, "load",
      options.address, "--json",
      "--connections", std::to_string(scenario.active),
      "--idle",        std::to_string(scenario.idle),
      "--size",        std::to_string(scenario.message_size),
      "--depth",       std::to_string(scenario.depth),
      "--warm-up",     Nanoseconds(options.warm_up),
      "--duration",    Nanoseconds(options.window),
      "--threads",     std::to_string(options.threads),
  };
  AddTraffic(scenario, command);
  if (options.seed) {
    command.emplace_back("--seed");
    command.push_back(std::to_string(*options.seed));
  }
  if (!options.cpus.empty()) {
    command.emplace_back("--cpu");
    command.push_back(fmt::to_string(fmt::join(options.cpus, ",")));
  }
  if (!options.observed.empty()) {
    command.emplace_back("--observe");
    command.push_back(fmt::to_string(fmt::join(options.observed, ",")));
  }
  if (!options.cgroup.empty()) {
    command.emplace_back("--observe-cgroup");
    command.push_back(options.cgroup.string());
  }
  if (options.signal_window) command.emplace_back("--signal-window");
  return command;
}

std::optional<std::int64_t> Optional(const json& object, const char* name) {
  const auto value = object.find(name);
  if (value == object.end() || value->is_null()) return std::nullopt;
  return value->get<std::int64_t>();
}

// The member `name`; null when there is none.
const json& Member(const json& object, const char* name) {
  static const json& null = *new json;
  const auto value = object.find(name);
  return value == object.end() ? null : *value;
}

LoadOutcome::Latency TakeLatency(const json& latency) {
  return {Optional(latency, "p50"), Optional(latency, "p90"),
          Optional(latency, "p99"), Optional(latency, "p999"),
          Optional(latency, "max")};
}

std::optional<LoadOutcome::Latency> TakeOptionalLatency(const json& latency) {
  if (latency.is_null()) return std::nullopt;
  return TakeLatency(latency);
}

void TakeTraffic(const json& document, LoadOutcome& result) {
  result.service_ns = TakeOptionalLatency(Member(document, "service_ns"));
  result.send_lag_ns = TakeOptionalLatency(Member(document, "send_lag_ns"));
  result.connect_ns = TakeOptionalLatency(Member(document, "connect_ns"));
  for (const auto& [name, buckets] : Member(document, "histograms").items()) {
    result.histograms[name] = buckets;
  }
  if (const json& rate = Member(document, "rate"); !rate.is_null()) {
    result.rate = LoadOutcome::Rate{rate.at("intended"), rate.at("achieved"),
                                    rate.at("sent_late"), rate.at("late")};
  }
  result.connections_opened =
      Optional(document, "connections_opened").value_or(0);
}

void TakeHalves(const json& document, LoadOutcome& result) {
  const json& messages = Member(document, "half_messages");
  if (!messages.is_null()) result.half_messages = messages;
  const json& cpu = Member(document, "half_server_cpu_ns");
  if (!cpu.is_null()) {
    result.half_server_cpu_ns = cpu.get<std::array<std::int64_t, 2>>();
  }
}

void TakeSurroundings(const json& document, LoadOutcome& result) {
  const json& switches = Member(document, "context_switches");
  if (!switches.is_null()) {
    result.voluntary_switches = Optional(switches, "voluntary");
    result.involuntary_switches = Optional(switches, "involuntary");
  }
  const json& system = Member(document, "system");
  if (system.is_null()) return;
  result.steal_ns = Optional(system, "steal_ns");
  result.psi_cpu_us = Optional(system, "psi_cpu_some_us");
  result.other_cpu_ns = Optional(system, "other_cpu_ns").value_or(0);
  result.begun_unseen = Optional(system, "begun_unseen").value_or(0);
  result.throttled_ns = Optional(system, "throttled_ns");
}

void TakeObserved(const json& observed, LoadOutcome& result) {
  if (observed.is_null()) return;
  result.server_cpu_ns = Optional(observed, "cpu_ns");
  result.server_user_ns = Optional(observed, "user_ns");
  result.server_system_ns = Optional(observed, "system_ns");
  result.rss_bytes = Optional(observed, "rss_bytes");
  result.rss_anon_bytes = Optional(observed, "rss_anon_bytes");
  result.cpu_source = observed.value("cpu_source", "");
  result.unknown =
      observed.value("unknown", std::map<std::string, std::string>());
}

// "3 mismatch, 1 closed", the kinds of error that occurred.
std::string DescribeErrors(const json& errors) {
  std::vector<std::string> kinds;
  for (const auto& [kind, count] : errors.items()) {
    if (count != 0) kinds.push_back(fmt::format("{} {}", count.dump(), kind));
  }
  return fmt::to_string(fmt::join(kinds, ", "));
}

}  // namespace

LoadOutcome RunLoadProcess(const LoadProcessOptions& options) {
  Process process({.command = Command(options), .padding = options.padding});
  const Deadline deadline =
      std::chrono::steady_clock::now() + options.warm_up + options.window +
      kPatience + options.scenario.connections() * kPatienceForConnection;
  const auto output = process.ReadToEnd(deadline);
  const auto status = process.WaitForExit(deadline);
  if (!output || !status) {
    throw std::runtime_error("the load generator did not come to an end");
  }
  if (output->empty()) {
    throw std::runtime_error(
        fmt::format("the load generator {}: {}", status->Describe(),
                    PrintableLines(process.ErrorOutput())));
  }
  LoadOutcome result = ParseLoadOutcome(*output);
  if (result.error == kNoMessage &&
      result.window_ns < options.window.count() / 2) {
    // A machine that stalled passes all edges of the window at once.
    result.error = fmt::format(
        "the load generator had no turn: its window lasted {:.3g} of {:g} ms",
        static_cast<double>(result.window_ns) / 1e6,
        static_cast<double>(options.window.count()) / 1e6);
  }
  if (result.error.empty() && !status->success()) {
    result.error = fmt::format("the load generator {}: {}", status->Describe(),
                               PrintableLines(process.ErrorOutput()));
  }
  return result;
}

LoadOutcome ParseLoadOutcome(std::string_view json_text) {
  try {
    const json document = json::parse(json_text);
    LoadOutcome result;
    result.messages = document.at("messages");
    result.window_ns = document.at("window_ns");
    result.load_cpu_ns = document.at("load_cpu_ns");
    result.latency_ns = TakeLatency(document.at("latency_ns"));
    result.histogram = document.at("histogram");
    TakeTraffic(document, result);
    TakeHalves(document, result);
    TakeSurroundings(document, result);
    TakeObserved(document.at("observed"), result);
    const std::string errors = DescribeErrors(document.at("errors"));
    if (!errors.empty()) {
      const json& first = document.at("first_error");
      result.error =
          first.is_string()
              ? fmt::format("{} ({})", first.get<std::string>(), errors)
              : errors;
    } else if (result.messages == 0) {
      result.error = kNoMessage;
    }
    return result;
  } catch (const json::exception& error) {
    throw std::runtime_error(fmt::format(
        "the load generator's result is unreadable: {}", error.what()));
  }
}

}  // namespace polymux::bench
