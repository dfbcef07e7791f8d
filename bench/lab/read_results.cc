#include "bench/lab/read_results.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/lab/json_fields.h"
#include "bench/lab/limits.h"
#include "bench/lab/text_file.h"
#include "bench/lab/usage_error.h"

namespace polymux::bench {
namespace {

using Json = nlohmann::json;

// What is corrected for all comparisons must still be less than certain.
constexpr double kMostConfidence = 0.9999;

// More than any trial has.
constexpr std::size_t kMostCounters = 256;
constexpr std::size_t kMostHistograms = 16;
constexpr std::size_t kMostBuckets = 65'536;
constexpr std::int64_t kMostSamples = 1'000'000'000'000;  // of one trial
constexpr std::uintmax_t kMostBytes = std::uintmax_t{256} << 20;
constexpr int kMostCpus = 65'535;

// The index of the one that `object` names under `key`.
template <typename Named>
std::size_t IndexOf(const std::vector<Named>& all, const Json& object,
                    const char* key) {
  const std::string name = Name(object, key);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].name == name) return i;
  }
  throw std::runtime_error(fmt::format("the plan has no {} \"{}\"", key, name));
}

BuildInfo ReadBuild(const Json& object) {
  return {.ndebug = object.at("ndebug"),
          .compiler = Text(object, "compiler"),
          .sanitizer = Text(object, "sanitizer")};
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
  return {.date = Text(object, "date"),
          .kernel = Text(object, "kernel"),
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
  const std::string name = Name(object, "arrivals");
  if (const auto arrivals = FindArrivals(name)) return *arrivals;
  throw std::runtime_error(
      fmt::format("arrivals are poisson or constant, not \"{}\"", name));
}

Scenario ReadScenario(const Json& object) {
  Scenario scenario{.name = Name(object, "name"),
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
  const std::string name = Name(object, "kind");
  for (const ArmKind kind : {ArmKind::kBackend, ArmKind::kServer,
                             ArmKind::kPeer, ArmKind::kForeign}) {
    if (ToString(kind) == name) return kind;
  }
  throw std::runtime_error(fmt::format("\"{}\" is no kind of arm", name));
}

Arm ReadArm(const Json& object) {
  return {.name = Name(object, "name"),
          .kind = ReadKind(object),
          .target = Text(object, "target"),
          .max_fd = OptionalInteger(object, "max_fd", 0),
          .unavailable = OptionalText(object, "unavailable"),
          .sha256 = OptionalText(object, "sha256")};
}

// What is listed under `key`, each by its name.
template <typename Named>
std::vector<Named> ReadNamed(const Json& object, const char* key,
                             std::size_t most,
                             Named (*read)(const Json& object)) {
  std::vector<Named> all;
  std::set<std::string> names;
  for (const Json& one : List(object, key, most)) {
    all.push_back(read(one));
    if (!names.insert(all.back().name).second) {
      throw std::runtime_error(
          fmt::format("{}: two are named \"{}\"", key, all.back().name));
    }
  }
  if (all.empty()) throw std::runtime_error(fmt::format("{}: none", key));
  return all;
}

Plan ReadPlan(const Json& object) {
  Plan plan;
  plan.scenarios = ReadNamed(object, "scenarios", kMostScenarios, ReadScenario);
  plan.arms =
      ReadNamed(object, "arms", kMostCells / plan.scenarios.size(), ReadArm);
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
  plan.seed = Seed(object, "seed");
  plan.descriptor_limit = Size(object, "descriptor_limit");
  plan.cpus = {.server = Integers(object, "server_cpus", 0, kMostCpus),
               .load = Integers(object, "load_cpus", 0, kMostCpus)};
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
  return LoadOutcome::Rate{.intended = Number(rate, "intended"),
                           .achieved = Number(rate, "achieved"),
                           .sent_late = Count(rate, "sent_late"),
                           .late = rate.at("late")};
}

// [upper bound in ns, samples], ascending.  The sum of what all trials of a
// file have fits into 64 bits.
LoadOutcome::Histogram ReadHistogram(const Json& object, const char* key) {
  LoadOutcome::Histogram histogram;
  std::int64_t total = 0;
  for (const Json& bucket : List(object, key, kMostBuckets)) {
    const std::int64_t upper_ns = CountOf(key, bucket.at(0));
    const std::int64_t samples = CountOf(key, bucket.at(1));
    if (!histogram.empty() && upper_ns <= histogram.back().first) {
      throw std::runtime_error(
          fmt::format("{}: bucket {} does not ascend", key, histogram.size()));
    }
    total += samples;
    if (total > kMostSamples) {
      throw std::runtime_error(
          fmt::format("{}: more than {} samples", key, kMostSamples));
    }
    histogram.emplace_back(upper_ns, samples);
  }
  return histogram;
}

CounterWindow ReadCounters(const Json& object) {
  CounterWindow window;
  for (const auto& [name, value] :
       List(object, "counters", kMostCounters).items()) {
    window.counters[NameOf("counters", name)] = CountOf(name.c_str(), value);
  }
  for (const Json& name : List(object, "system_calls", kMostCounters)) {
    window.system_calls.push_back(
        NameOf("system_calls", name.get<std::string>()));
  }
  return window;
}

void ReadTraffic(const Json& object, LoadOutcome& load) {
  load.service_ns = OptionalLatency(object, "service_ns");
  load.send_lag_ns = OptionalLatency(object, "send_lag_ns");
  load.connect_ns = OptionalLatency(object, "connect_ns");
  const Json& histograms = List(object, "histograms", kMostHistograms);
  for (const auto& [name, buckets] : histograms.items()) {
    load.histograms[NameOf("histograms", name)] =
        ReadHistogram(histograms, name.c_str());
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
  load.histogram = ReadHistogram(object, "histogram");
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
    trial.counters = ReadCounters(object);
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
  if (!IsGiven(document, "latencies")) return all;
  for (const Json& object : List(document, "latencies", kMostCells)) {
    all.push_back({.scenario = IndexOf(plan.scenarios, object, "scenario"),
                   .arm = IndexOf(plan.arms, object, "arm"),
                   .histogram = ReadHistogram(object, "histogram")});
  }
  return all;
}

void RequireSchema(const Json& document) {
  if (!document.is_object() || OptionalText(document, "tool") != "polymux") {
    throw std::runtime_error("this is no results file of polymux compare");
  }
  const int version = Integer(document, "schema_version", 0);
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
  const Json& trials = List(document, "trials", kMostTrials);
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
    RequireShallow(json_text);
    return ReadDocument(Json::parse(json_text));
  } catch (const Json::exception& error) {
    throw std::runtime_error(Reason(error));
  }
}

Results ReadResults(const std::filesystem::path& path) {
  const std::string text = ReadTextFile(path, kMostBytes);
  try {
    return ParseResults(text);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(
        fmt::format("{}: {}", path.string(), error.what()));
  }
}

}  // namespace polymux::bench
