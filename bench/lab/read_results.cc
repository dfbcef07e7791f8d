#include "bench/lab/read_results.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace polymux::bench {
namespace {

using Json = nlohmann::json;

// What is missing or null is not available.
template <typename T>
std::optional<T> Optional(const Json& object, const char* key) {
  const auto value = object.find(key);
  if (value == object.end() || value->is_null()) return std::nullopt;
  return value->get<T>();
}

std::optional<std::int64_t> OptionalCount(const Json& object, const char* key) {
  return Optional<std::int64_t>(object, key);
}

std::string Text(const Json& object, const char* key) {
  return Optional<std::string>(object, key).value_or("");
}

// A whole number of at least `least`.
int Integer(const Json& object, const char* key, int least) {
  const auto value = object.at(key).get<std::int64_t>();
  if (value < least || value > std::numeric_limits<int>::max()) {
    throw std::runtime_error(fmt::format("{}: {} is out of range", key, value));
  }
  return static_cast<int>(value);
}

std::chrono::nanoseconds Nanoseconds(const Json& object, const char* key) {
  return std::chrono::nanoseconds(object.at(key).get<std::int64_t>());
}

// The index of the one that `object` names under `key`.
template <typename Named>
std::size_t IndexOf(const std::vector<Named>& all, const Json& object,
                    const char* key) {
  const auto name = object.at(key).get<std::string>();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].name == name) return i;
  }
  throw std::runtime_error(fmt::format("the plan has no {} \"{}\"", key, name));
}

BuildInfo ReadBuild(const Json& object) {
  return {.ndebug = object.at("ndebug"),
          .compiler = object.at("compiler"),
          .sanitizer = object.at("sanitizer")};
}

Environment ReadEnvironment(const Json& object) {
  return {.date = object.at("date"),
          .kernel = object.at("kernel"),
          .cpu_model = Text(object, "cpu_model"),
          .cpus = object.at("cpus"),
          .memory_bytes = object.at("memory_bytes"),
          .governor = Text(object, "governor"),
          .clock_source = Text(object, "clock_source"),
          .virtualisation = Text(object, "virtualisation"),
          .somaxconn = Text(object, "somaxconn"),
          .descriptor_limit = object.at("descriptor_limit"),
          .build = ReadBuild(object.at("build"))};
}

Arrivals ReadArrivals(const Json& object) {
  const auto name = object.at("arrivals").get<std::string>();
  if (const auto arrivals = FindArrivals(name)) return *arrivals;
  throw std::runtime_error(
      fmt::format("arrivals are poisson or constant, not \"{}\"", name));
}

Scenario ReadScenario(const Json& object) {
  Scenario scenario{.name = object.at("name"),
                    .active = Integer(object, "active", 1),
                    .idle = Integer(object, "idle", 0),
                    .message_size = object.at("message_size"),
                    .depth = Integer(object, "depth", 1),
                    .rate = Optional<double>(object, "rate"),
                    .arrivals = ReadArrivals(object),
                    .messages_per_connection =
                        Optional<int>(object, "messages_per_connection"),
                    .slow_readers = Integer(object, "slow_readers", 0),
                    .burst = object.at("burst"),
                    // Files of older versions do not have it.
                    .fan_out = object.value("fan_out", false),
                    .reactors = Optional<int>(object, "reactors")};
  scenario.Validate();
  return scenario;
}

ArmKind ReadKind(const Json& object) {
  const auto name = object.at("kind").get<std::string>();
  for (const ArmKind kind : {ArmKind::kBackend, ArmKind::kServer,
                             ArmKind::kPeer, ArmKind::kForeign}) {
    if (ToString(kind) == name) return kind;
  }
  throw std::runtime_error(fmt::format("\"{}\" is no kind of arm", name));
}

Arm ReadArm(const Json& object) {
  return {.name = object.at("name"),
          .kind = ReadKind(object),
          .target = object.at("target"),
          .max_fd = Optional<int>(object, "max_fd"),
          .unavailable = Text(object, "unavailable")};
}

Plan ReadPlan(const Json& object) {
  Plan plan;
  for (const Json& scenario : object.at("scenarios")) {
    plan.scenarios.push_back(ReadScenario(scenario));
  }
  for (const Json& arm : object.at("arms")) plan.arms.push_back(ReadArm(arm));
  plan.baseline = plan.arms.at(IndexOf(plan.arms, object, "baseline")).name;
  plan.control = Text(object, "control");
  plan.reactors = Integer(object, "reactors", 0);
  plan.load_threads = Integer(object, "load_threads", 0);
  plan.rounds = Integer(object, "rounds", 0);
  plan.precision = Optional<double>(object, "precision");
  plan.margin = object.at("margin");
  plan.confidence = object.at("confidence");
  plan.warm_up = Nanoseconds(object, "warm_up_ns");
  plan.window = Nanoseconds(object, "window_ns");
  plan.seed = object.at("seed");
  plan.descriptor_limit = object.at("descriptor_limit");
  plan.cpus = {.server = object.at("server_cpus"),
               .load = object.at("load_cpus")};
  return plan;
}

Slot ReadSlot(const Plan& plan, const Json& object) {
  return {.scenario = IndexOf(plan.scenarios, object, "scenario"),
          .arm = IndexOf(plan.arms, object, "arm"),
          .round = Integer(object, "round", 0),
          .position = Integer(object, "position", 0),
          .attempt = Integer(object, "attempt", 0),
          .cpus_swapped = object.at("cpus_swapped"),
          .padding = Integer(object, "padding", 0)};
}

LoadOutcome::Latency ReadLatency(const Json& object) {
  return {
      .p50 = OptionalCount(object, "p50"),
      .p90 = OptionalCount(object, "p90"),
      .p99 = OptionalCount(object, "p99"),
      .p999 = OptionalCount(object, "p999"),
      .max = OptionalCount(object, "max"),
  };
}

std::optional<LoadOutcome::Latency> OptionalLatency(const Json& object,
                                                    const char* key) {
  if (object.at(key).is_null()) return std::nullopt;
  return ReadLatency(object.at(key));
}

std::optional<LoadOutcome::Rate> ReadRate(const Json& rate) {
  if (rate.is_null()) return std::nullopt;
  return LoadOutcome::Rate{.intended = rate.at("intended"),
                           .achieved = rate.at("achieved"),
                           .sent_late = rate.at("sent_late"),
                           .late = rate.at("late")};
}

void ReadTraffic(const Json& object, LoadOutcome& load) {
  load.service_ns = OptionalLatency(object, "service_ns");
  load.send_lag_ns = OptionalLatency(object, "send_lag_ns");
  load.connect_ns = OptionalLatency(object, "connect_ns");
  for (const auto& [name, histogram] : object.at("histograms").items()) {
    load.histograms[name] = histogram;
  }
  load.rate = ReadRate(object.at("rate"));
  load.connections_opened = object.at("connections_opened");
  load.half_messages = object.at("half_messages");
  load.half_server_cpu_ns =
      Optional<std::array<std::int64_t, 2>>(object, "half_server_cpu_ns");
  load.voluntary_switches = OptionalCount(object, "voluntary_switches");
  load.involuntary_switches = OptionalCount(object, "involuntary_switches");
  load.steal_ns = OptionalCount(object, "steal_ns");
  load.psi_cpu_us = OptionalCount(object, "psi_cpu_us");
  load.other_cpu_ns = object.at("other_cpu_ns");
}

LoadOutcome ReadLoad(const Json& object) {
  LoadOutcome load;
  load.messages = object.at("messages");
  load.window_ns = object.at("window_ns");
  load.load_cpu_ns = object.at("load_cpu_ns");
  load.latency_ns = ReadLatency(object.at("latency_ns"));
  load.histogram = object.at("histogram");
  load.server_cpu_ns = OptionalCount(object, "server_cpu_ns");
  load.server_user_ns = OptionalCount(object, "server_user_ns");
  load.server_system_ns = OptionalCount(object, "server_system_ns");
  load.rss_bytes = OptionalCount(object, "rss_bytes");
  load.rss_anon_bytes = OptionalCount(object, "rss_anon_bytes");
  ReadTraffic(object, load);
  return load;
}

Trial ReadTrial(const Plan& plan, const Json& object) {
  Trial trial{.slot = ReadSlot(plan, object),
              .backend = Text(object, "backend"),
              .invalid = Text(object, "invalid_reason"),
              .load = ReadLoad(object)};
  if (!object.at("counters").is_null()) {
    trial.counters = {.counters = object.at("counters"),
                      .system_calls = object.at("system_calls")};
  }
  if (!object.at("build").is_null()) {
    trial.build = ReadBuild(object.at("build"));
  }
  return trial;
}

// Only a document without the histograms of its trials has them.
std::vector<MergedLatencies> ReadLatencies(const Plan& plan,
                                           const Json& document) {
  std::vector<MergedLatencies> all;
  const auto found = document.find("latencies");
  if (found == document.end()) return all;
  for (const Json& object : *found) {
    all.push_back({.scenario = IndexOf(plan.scenarios, object, "scenario"),
                   .arm = IndexOf(plan.arms, object, "arm"),
                   .histogram = object.at("histogram")});
  }
  return all;
}

void RequireSchema(const Json& document) {
  if (!document.is_object() || Text(document, "tool") != "polymux") {
    throw std::runtime_error("this is no results file of polymux compare");
  }
  const int version = document.at("schema_version");
  if (version != kSchemaVersion) {
    throw std::runtime_error(
        fmt::format("schema_version {}; this program reads version {} only",
                    version, kSchemaVersion));
  }
}

Results ReadDocument(const Json& document) {
  RequireSchema(document);
  Results results{.environment = ReadEnvironment(document.at("environment")),
                  .plan = ReadPlan(document.at("plan"))};
  const Json& trials = document.at("trials");
  for (std::size_t i = 0; i < trials.size(); ++i) {
    try {
      results.trials.push_back(ReadTrial(results.plan, trials.at(i)));
    } catch (const std::runtime_error& error) {
      throw std::runtime_error(fmt::format("trial {}: {}", i, error.what()));
    }
  }
  results.complete = document.at("complete");
  results.latencies = ReadLatencies(results.plan, document);
  return results;
}

// Without the "[json.exception.out_of_range.403] " that a reader does not need.
std::string Reason(const Json::exception& error) {
  const std::string text = error.what();
  const std::size_t end = text.find("] ");
  return end == std::string::npos ? text : text.substr(end + 2);
}

}  // namespace

Results ParseResults(std::string_view json_text) {
  try {
    return ReadDocument(Json::parse(json_text));
  } catch (const Json::exception& error) {
    throw std::runtime_error(Reason(error));
  }
}

Results ReadResults(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) {
    throw std::runtime_error("cannot read " + path.string());
  }
  try {
    return ParseResults(text);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(
        fmt::format("{}: {}", path.string(), error.what()));
  }
}

}  // namespace polymux::bench
