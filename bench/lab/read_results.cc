#include "bench/lab/read_results.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/lab/json_fields.h"
#include "bench/lab/text_file.h"
#include "bench/lab/usage_error.h"

namespace polymux::bench {
namespace {

using Json = nlohmann::json;

// What is corrected for all comparisons must still be less than certain.
constexpr double kMostConfidence = 0.9999;

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

// Files of older versions do not have it, or not all of it.
Provenance ReadProvenance(const Json& environment) {
  Provenance provenance;
  if (!IsGiven(environment, "provenance")) return provenance;
  const Json& object = environment.at("provenance");
  for (const Fact& fact : Facts()) {
    const std::string value = OptionalText(object, fact.key);
    if (!value.empty()) provenance[fact.key] = value;
  }
  return provenance;
}

Environment ReadEnvironment(const Json& object) {
  return {.date = object.at("date"),
          .kernel = object.at("kernel"),
          .cpu_model = OptionalText(object, "cpu_model"),
          .cpus = Integer(object, "cpus", 0),
          .memory_bytes = Size(object, "memory_bytes"),
          .governor = OptionalText(object, "governor"),
          .clock_source = OptionalText(object, "clock_source"),
          .virtualisation = OptionalText(object, "virtualisation"),
          .somaxconn = OptionalText(object, "somaxconn"),
          .descriptor_limit = Size(object, "descriptor_limit"),
          .build = ReadBuild(object.at("build")),
          .provenance = ReadProvenance(object)};
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
                    .message_size = Size(object, "message_size"),
                    .depth = Integer(object, "depth", 1),
                    .rate = OptionalNumber(object, "rate"),
                    .arrivals = ReadArrivals(object),
                    .messages_per_connection =
                        OptionalInteger(object, "messages_per_connection", 1),
                    .slow_readers = Integer(object, "slow_readers", 0),
                    .burst = object.at("burst"),
                    // Files of older versions do not have it.
                    .fan_out = object.value("fan_out", false),
                    .reactors = OptionalInteger(object, "reactors", 0)};
  try {
    scenario.Validate();
  } catch (const UsageError& error) {
    throw std::runtime_error(
        fmt::format("scenario \"{}\": {}", scenario.name, error.what()));
  }
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
          .max_fd = OptionalInteger(object, "max_fd", 0),
          .unavailable = OptionalText(object, "unavailable"),
          .sha256 = OptionalText(object, "sha256")};
}

// What is listed under `key`, each by its name.
template <typename Named>
std::vector<Named> ReadNamed(const Json& object, const char* key,
                             Named (*read)(const Json& object)) {
  std::vector<Named> all;
  for (const Json& one : object.at(key)) {
    all.push_back(read(one));
    if (std::ranges::count(all, all.back().name, &Named::name) > 1) {
      throw std::runtime_error(
          fmt::format("{}: two are named \"{}\"", key, all.back().name));
    }
  }
  if (all.empty()) throw std::runtime_error(fmt::format("{}: none", key));
  return all;
}

Plan ReadPlan(const Json& object) {
  Plan plan;
  plan.scenarios = ReadNamed(object, "scenarios", ReadScenario);
  plan.arms = ReadNamed(object, "arms", ReadArm);
  plan.baseline = plan.arms.at(IndexOf(plan.arms, object, "baseline")).name;
  plan.control = OptionalText(object, "control");
  if (!plan.control.empty()) IndexOf(plan.arms, object, "control");
  plan.reactors = Integer(object, "reactors", 0);
  plan.load_threads = Integer(object, "load_threads", 0);
  plan.rounds = Integer(object, "rounds", 0);
  // Files of older versions do not have it: their rounds are what they were.
  plan.whole_blocks = object.value("whole_blocks", false);
  if (IsGiven(object, "precision")) {
    plan.precision = Share(object, "precision");
  }
  plan.margin = Share(object, "margin");
  if (IsGiven(object, "max_invalid")) {
    plan.max_invalid = Share(object, "max_invalid");
  }
  plan.confidence = Share(object, "confidence", kMostConfidence);
  plan.warm_up = Nanoseconds(object, "warm_up_ns");
  plan.window = Nanoseconds(object, "window_ns");
  plan.seed = object.at("seed");
  plan.descriptor_limit = Size(object, "descriptor_limit");
  plan.cpus = {.server = object.at("server_cpus"),
               .load = object.at("load_cpus")};
  return plan;
}

Slot ReadSlot(const Plan& plan, const Json& object) {
  return {.scenario = IndexOf(plan.scenarios, object, "scenario"),
          .arm = IndexOf(plan.arms, object, "arm"),
          .round = Integer(object, "round", 0, MostRounds(plan) - 1),
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
                           .sent_late = Count(rate, "sent_late"),
                           .late = rate.at("late")};
}

LoadOutcome::Histogram ReadHistogram(const Json& buckets) {
  LoadOutcome::Histogram histogram;
  for (const Json& bucket : buckets) {
    histogram.emplace_back(CountOf("histogram", bucket.at(0)),
                           CountOf("histogram", bucket.at(1)));
  }
  return histogram;
}

void ReadTraffic(const Json& object, LoadOutcome& load) {
  load.service_ns = OptionalLatency(object, "service_ns");
  load.send_lag_ns = OptionalLatency(object, "send_lag_ns");
  load.connect_ns = OptionalLatency(object, "connect_ns");
  for (const auto& [name, histogram] : object.at("histograms").items()) {
    load.histograms[name] = ReadHistogram(histogram);
  }
  load.rate = ReadRate(object.at("rate"));
  load.connections_opened = Count(object, "connections_opened");
  load.half_messages = TwoCounts(object, "half_messages");
  if (IsGiven(object, "half_server_cpu_ns")) {
    load.half_server_cpu_ns = TwoCounts(object, "half_server_cpu_ns");
  }
  load.voluntary_switches = OptionalCount(object, "voluntary_switches");
  load.involuntary_switches = OptionalCount(object, "involuntary_switches");
  load.steal_ns = OptionalCount(object, "steal_ns");
  load.psi_cpu_us = OptionalCount(object, "psi_cpu_us");
  load.other_cpu_ns = Count(object, "other_cpu_ns");
  // Files of older versions do not have these.
  load.throttled_ns = OptionalCount(object, "throttled_ns");
  load.begun_unseen = OptionalCount(object, "begun_unseen").value_or(0);
}

LoadOutcome ReadLoad(const Json& object) {
  LoadOutcome load;
  load.messages = Count(object, "messages");
  load.window_ns = Count(object, "window_ns");
  load.load_cpu_ns = Count(object, "load_cpu_ns");
  load.latency_ns = ReadLatency(object.at("latency_ns"));
  load.histogram = ReadHistogram(object.at("histogram"));
  load.server_cpu_ns = OptionalCount(object, "server_cpu_ns");
  // Files of older versions do not have these two.
  load.cpu_source = OptionalText(object, "cpu_source");
  load.unknown = object.value("unknown", load.unknown);
  load.server_user_ns = OptionalCount(object, "server_user_ns");
  load.server_system_ns = OptionalCount(object, "server_system_ns");
  load.rss_bytes = OptionalCount(object, "rss_bytes");
  load.rss_anon_bytes = OptionalCount(object, "rss_anon_bytes");
  ReadTraffic(object, load);
  return load;
}

Trial ReadTrial(const Plan& plan, const Json& object) {
  Trial trial{.slot = ReadSlot(plan, object),
              .backend = OptionalText(object, "backend"),
              .invalid = OptionalText(object, "invalid_reason"),
              .load = ReadLoad(object)};
  // Files of older versions do not have it.
  if (IsGiven(object, "calibration_ns")) {
    trial.calibration_ns = TwoCounts(object, "calibration_ns");
  }
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
  if (!document.is_object() || OptionalText(document, "tool") != "polymux") {
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
  const std::string text = ReadTextFile(path);
  try {
    return ParseResults(text);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(
        fmt::format("{}: {}", path.string(), error.what()));
  }
}

}  // namespace polymux::bench
