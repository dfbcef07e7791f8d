#include "bench/lab/results.h"

#include <cerrno>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>

#include "bench/lab/analysis.h"
#include "bench/lab/flags.h"

namespace polymux::bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kSchemaVersion = 1;

template <typename T>
Json OrNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json TextOrNull(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json BuildJson(const BuildInfo& build) {
  return {{"ndebug", build.ndebug},
          {"compiler", build.compiler},
          {"sanitizer", build.sanitizer}};
}

Json EnvironmentJson(const Environment& environment) {
  return {{"date", environment.date},
          {"kernel", environment.kernel},
          {"cpu_model", TextOrNull(environment.cpu_model)},
          {"cpus", environment.cpus},
          {"memory_bytes", environment.memory_bytes},
          {"governor", TextOrNull(environment.governor)},
          {"clock_source", TextOrNull(environment.clock_source)},
          {"virtualisation", TextOrNull(environment.virtualisation)},
          {"somaxconn", TextOrNull(environment.somaxconn)},
          {"descriptor_limit", environment.descriptor_limit},
          {"build", BuildJson(environment.build)}};
}

Json ScenarioJson(const Scenario& scenario) {
  return {{"name", scenario.name},
          {"connections", scenario.connections()},
          {"active", scenario.active},
          {"idle", scenario.idle},
          {"message_size", scenario.message_size},
          {"depth", scenario.depth}};
}

Json ArmJson(const Arm& arm) {
  return {{"name", arm.name},
          {"kind", ToString(arm.kind)},
          {"target", arm.target},
          {"unavailable", TextOrNull(arm.unavailable)}};
}

Json PlanJson(const Plan& plan) {
  Json scenarios = Json::array();
  for (const Scenario& scenario : plan.scenarios) {
    scenarios.push_back(ScenarioJson(scenario));
  }
  Json arms = Json::array();
  for (const Arm& arm : plan.arms) arms.push_back(ArmJson(arm));
  return {{"scenarios", scenarios},
          {"arms", arms},
          {"baseline", plan.baseline},
          {"reactors", plan.reactors},
          {"load_threads", plan.load_threads},
          {"rounds", plan.rounds},
          {"warm_up_ns", plan.warm_up.count()},
          {"window_ns", plan.window.count()},
          {"seed", plan.seed},
          {"server_cpus", plan.cpus.server},
          {"load_cpus", plan.cpus.load}};
}

Json LatencyJson(const LoadOutcome::Latency& latency) {
  return {{"p50", OrNull(latency.p50)},
          {"p90", OrNull(latency.p90)},
          {"p99", OrNull(latency.p99)},
          {"p999", OrNull(latency.p999)},
          {"max", OrNull(latency.max)}};
}

Json TrialJson(const Plan& plan, const Trial& trial) {
  const LoadOutcome& load = trial.load;
  Json object{{"scenario", plan.scenarios[trial.slot.scenario].name},
              {"arm", plan.arms[trial.slot.arm].name},
              {"backend", TextOrNull(trial.backend)},
              {"round", trial.slot.round},
              {"position", trial.slot.position},
              {"valid", trial.valid()},
              {"invalid_reason", TextOrNull(trial.invalid)},
              {"flags", Flags(trial)},
              {"messages", load.messages},
              {"window_ns", load.window_ns},
              {"server_cpu_ns", OrNull(load.server_cpu_ns)},
              {"server_user_ns", OrNull(load.server_user_ns)},
              {"server_system_ns", OrNull(load.server_system_ns)},
              {"rss_bytes", OrNull(load.rss_bytes)},
              {"rss_anon_bytes", OrNull(load.rss_anon_bytes)},
              {"load_cpu_ns", load.load_cpu_ns},
              {"latency_ns", LatencyJson(load.latency_ns)},
              {"histogram", load.histogram},
              {"counters", nullptr},
              {"system_calls", nullptr},
              {"build", nullptr}};
  if (trial.counters) {
    object["counters"] = trial.counters->counters;
    object["system_calls"] = trial.counters->system_calls;
  }
  if (trial.build) object["build"] = BuildJson(*trial.build);
  return object;
}

Json SummaryJson(const Summary& summary) {
  return {
      {"median", summary.median}, {"min", summary.min}, {"max", summary.max}};
}

Json CellJson(const Plan& plan, const Cell& cell) {
  Json metrics = Json::object();
  for (const auto& [name, summary] : cell.metrics) {
    metrics[std::string(name)] = SummaryJson(summary);
  }
  return {{"scenario", plan.scenarios[cell.scenario].name},
          {"arm", plan.arms[cell.arm].name},
          {"unsupported", TextOrNull(cell.obstacle)},
          {"valid_trials", cell.valid_trials},
          {"invalid_trials", cell.invalid_trials},
          {"metrics", metrics},
          {"ratio_to_baseline",
           cell.ratio ? SummaryJson(*cell.ratio) : Json(nullptr)}};
}

}  // namespace

std::string ToJson(const Results& results) {
  const Plan& plan = results.plan;
  Json trials = Json::array();
  for (const Trial& trial : results.trials) {
    trials.push_back(TrialJson(plan, trial));
  }
  Json analysis = Json::array();
  for (const Cell& cell : Analyze(plan, results.trials).cells) {
    analysis.push_back(CellJson(plan, cell));
  }
  const Json document{{"schema_version", kSchemaVersion},
                      {"tool", "polymux"},
                      {"environment", EnvironmentJson(results.environment)},
                      {"plan", PlanJson(plan)},
                      {"trials", trials},
                      {"analysis", analysis},
                      {"complete", results.complete}};
  // What a foreign program wrote need not be UTF-8.
  return document.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

void WriteResults(const Results& results, const std::filesystem::path& path) {
  std::filesystem::path unfinished = path;
  unfinished += ".unfinished";
  std::ofstream file(unfinished, std::ios::binary);
  file << ToJson(results);
  file.close();
  if (!file) {
    throw std::system_error(errno, std::generic_category(),
                            "cannot write " + unfinished.string());
  }
  std::filesystem::rename(unfinished, path);
}

}  // namespace polymux::bench
