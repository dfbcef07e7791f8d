#include "bench/lab/results.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "bench/lab/analysis.h"
#include "bench/lab/flags.h"

namespace polymux::bench {
namespace {

using Json = nlohmann::ordered_json;

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

Json ProvenanceJson(const Provenance& provenance) {
  Json object = Json::object();
  for (const Fact& fact : Facts()) {
    const auto known = provenance.find(fact.key);
    object[fact.key] =
        known == provenance.end() ? Json(nullptr) : Json(known->second);
  }
  return object;
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
          {"build", BuildJson(environment.build)},
          {"provenance", ProvenanceJson(environment.provenance)}};
}

Json ScenarioJson(const Scenario& scenario) {
  return {{"name", scenario.name},
          {"connections", scenario.connections()},
          {"active", scenario.active},
          {"idle", scenario.idle},
          {"message_size", scenario.message_size},
          {"depth", scenario.depth},
          {"rate", OrNull(scenario.rate)},
          {"arrivals", ToString(scenario.arrivals)},
          {"messages_per_connection", OrNull(scenario.messages_per_connection)},
          {"slow_readers", scenario.slow_readers},
          {"burst", scenario.burst},
          {"fan_out", scenario.fan_out},
          {"reactors", OrNull(scenario.reactors)}};
}

Json ArmJson(const Arm& arm) {
  return {{"name", arm.name},
          {"kind", ToString(arm.kind)},
          {"target", arm.target},
          {"max_fd", OrNull(arm.max_fd)},
          {"unavailable", TextOrNull(arm.unavailable)},
          {"sha256", TextOrNull(arm.sha256)}};
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
          {"control", TextOrNull(plan.control)},
          {"reactors", plan.reactors},
          {"load_threads", plan.load_threads},
          {"rounds", plan.rounds},
          {"whole_blocks", plan.whole_blocks},
          {"precision", OrNull(plan.precision)},
          {"margin", plan.margin},
          {"max_invalid", plan.max_invalid},
          {"confidence", plan.confidence},
          {"warm_up_ns", plan.warm_up.count()},
          {"window_ns", plan.window.count()},
          {"seed", plan.seed},
          {"descriptor_limit", plan.descriptor_limit},
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

Json LatencyOrNull(const std::optional<LoadOutcome::Latency>& latency) {
  return latency ? LatencyJson(*latency) : Json(nullptr);
}

Json RateJson(const std::optional<LoadOutcome::Rate>& rate) {
  if (!rate) return nullptr;
  return {{"intended", rate->intended},
          {"achieved", rate->achieved},
          {"sent_late", rate->sent_late},
          {"late", rate->late}};
}

// What the load generator saw of its own traffic and of the machine.
void AddTraffic(const LoadOutcome& load, Json& object) {
  object["service_ns"] = LatencyOrNull(load.service_ns);
  object["send_lag_ns"] = LatencyOrNull(load.send_lag_ns);
  object["connect_ns"] = LatencyOrNull(load.connect_ns);
  object["histograms"] = Json::object();
  for (const auto& [name, histogram] : load.histograms) {
    object["histograms"][name] = histogram;
  }
  object["rate"] = RateJson(load.rate);
  object["connections_opened"] = load.connections_opened;
  object["half_messages"] = load.half_messages;
  object["half_server_cpu_ns"] = OrNull(load.half_server_cpu_ns);
  object["voluntary_switches"] = OrNull(load.voluntary_switches);
  object["involuntary_switches"] = OrNull(load.involuntary_switches);
  object["steal_ns"] = OrNull(load.steal_ns);
  object["psi_cpu_us"] = OrNull(load.psi_cpu_us);
  object["other_cpu_ns"] = load.other_cpu_ns;
  object["throttled_ns"] = OrNull(load.throttled_ns);
  object["begun_unseen"] = load.begun_unseen;
}

Json TrialJson(const Plan& plan, const Trial& trial,
               const UnevenRounds& uneven) {
  const LoadOutcome& load = trial.load;
  Json object{{"scenario", plan.scenarios[trial.slot.scenario].name},
              {"arm", plan.arms[trial.slot.arm].name},
              {"backend", TextOrNull(trial.backend)},
              {"round", trial.slot.round},
              {"position", trial.slot.position},
              {"attempt", trial.slot.attempt},
              {"cpus_swapped", trial.slot.cpus_swapped},
              {"padding", trial.slot.padding},
              {"valid", trial.valid()},
              {"invalid_reason", TextOrNull(trial.invalid)},
              {"flags", Flags(plan, trial, uneven)},
              {"calibration_ns", OrNull(trial.calibration_ns)},
              {"messages", load.messages},
              {"window_ns", load.window_ns},
              {"server_cpu_ns", OrNull(load.server_cpu_ns)},
              {"cpu_source", TextOrNull(load.cpu_source)},
              {"unknown", load.unknown},
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
  AddTraffic(load, object);
  return object;
}

Json SummaryJson(const Summary& summary) {
  return {
      {"median", summary.median}, {"min", summary.min}, {"max", summary.max}};
}

Json EffectJson(const std::optional<Effect>& effect) {
  if (!effect) return nullptr;
  return {{"ratio", effect->ratio},
          {"low", effect->low},
          {"high", effect->high},
          {"rounds", effect->rounds},
          {"disturbed", effect->disturbed}};
}

Json CellJson(const Plan& plan, const Cell& cell) {
  Json metrics = Json::object();
  for (const auto& [name, summary] : cell.metrics) {
    metrics[std::string(name)] = SummaryJson(summary);
  }
  return {
      {"scenario", plan.scenarios[cell.scenario].name},
      {"arm", plan.arms[cell.arm].name},
      {"unsupported", TextOrNull(cell.obstacle)},
      {"valid_trials", cell.valid_trials},
      {"invalid_trials", cell.invalid_trials},
      {"tainted_trials", cell.tainted_trials},
      {"metrics", metrics},
      {"ratio_to_baseline",
       cell.ratio ? SummaryJson(*cell.ratio) : Json(nullptr)},
      {"effect", EffectJson(cell.effect)},
      {"effect_with_tainted", EffectJson(cell.effect_with_tainted)},
      {"verdict", cell.verdict ? Json(ToString(*cell.verdict)) : Json(nullptr)},
      {"why", TextOrNull(cell.why)}};
}

Json ControlJson(const Plan& plan, const ControlCheck& control) {
  return {{"scenario", plan.scenarios[control.scenario].name},
          {"effect", EffectJson(control.effect)},
          {"sound", control.sound}};
}

Json EstimateJson(const Estimate& estimate) {
  return {{"value", estimate.value},
          {"low", estimate.low},
          {"high", estimate.high}};
}

Json ModelJson(const Plan& plan, const CostModel& model) {
  return {
      {"arm", plan.arms[model.arm].name},
      {"per_wait_ns", EstimateJson(model.per_wait_ns)},
      {"per_watched_ns", EstimateJson(model.per_watched_ns)},
      {"per_ready_ns",
       model.per_ready_ns ? EstimateJson(*model.per_ready_ns) : Json(nullptr)},
      {"trials", model.trials},
      {"message_size", model.message_size},
      {"watched_min", model.watched_min},
      {"watched_max", model.watched_max},
      {"active_min", model.active_min},
      {"active_max", model.active_max},
      {"ready_min", model.ready_min},
      {"ready_max", model.ready_max},
      {"worst_deviation", model.worst_deviation},
      {"worst_watched", model.worst_watched}};
}

Json UnmodelledJson(const Plan& plan, const Unmodelled& unmodelled) {
  return {{"arm", plan.arms[unmodelled.arm].name},
          {"reason", unmodelled.reason}};
}

Json CrossoverJson(const Plan& plan, const Crossover& crossover) {
  return {{"arm", plan.arms[crossover.arm].name},
          {"other", plan.arms[crossover.other].name},
          {"active", crossover.active},
          {"connections", EstimateJson(crossover.connections)},
          {"extrapolated", crossover.extrapolated}};
}

Json LatenciesJson(const Plan& plan, const MergedLatencies& latencies) {
  return {{"scenario", plan.scenarios[latencies.scenario].name},
          {"arm", plan.arms[latencies.arm].name},
          {"histogram", latencies.histogram}};
}

// One element for each of `items`.
template <typename Items, typename ToElement>
Json ArrayOf(const Plan& plan, const Items& items, ToElement to_element) {
  Json array = Json::array();
  for (const auto& item : items) array.push_back(to_element(plan, item));
  return array;
}

}  // namespace

int RoundsRun(const Results& results) {
  int rounds = 0;
  for (const Trial& trial : results.trials) {
    rounds = std::max(rounds, trial.slot.round + 1);
  }
  return rounds;
}

std::string ToJson(const Results& results) {
  const Plan& plan = results.plan;
  const Analysis analysis = Analyze(plan, results.trials);
  const UnevenRounds uneven(results.trials);
  Json document{
      {"schema_version", kSchemaVersion},
      {"tool", "polymux"},
      {"environment", EnvironmentJson(results.environment)},
      {"plan", PlanJson(plan)},
      {"trials", ArrayOf(plan, results.trials,
                         [&uneven](const Plan& p, const Trial& trial) {
                           return TrialJson(p, trial, uneven);
                         })},
      {"analysis", ArrayOf(plan, analysis.cells, CellJson)},
      {"controls", ArrayOf(plan, analysis.controls, ControlJson)},
      {"models", ArrayOf(plan, analysis.models, ModelJson)},
      {"crossovers", ArrayOf(plan, analysis.crossovers, CrossoverJson)},
      {"unmodelled", ArrayOf(plan, analysis.unmodelled, UnmodelledJson)},
      {"complete", results.complete}};
  if (!results.latencies.empty()) {
    document["latencies"] = ArrayOf(plan, results.latencies, LatenciesJson);
  }
  // What a foreign program wrote need not be UTF-8.
  return document.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace polymux::bench
