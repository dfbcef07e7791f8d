#include "bench/lab/results.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>

#include "tests/bench/lab_samples.h"

namespace polymux::bench {
namespace {

using Json = nlohmann::ordered_json;

std::vector<std::string> Keys(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

Json Document() { return Json::parse(ToJson(SampleResults())); }

using Names = std::vector<std::string>;

TEST(ResultsTest, RoundsThatWereNotRunDoNotCount) {
  Results results = SampleResults();
  EXPECT_EQ(RoundsRun(results), results.plan.rounds);
  std::erase_if(results.trials,
                [](const Trial& trial) { return trial.slot.round > 0; });
  EXPECT_EQ(RoundsRun(results), 1);
  results.trials.clear();
  EXPECT_EQ(RoundsRun(results), 0);
}

TEST(ResultsTest, TheDocumentHasTheseParts) {
  const Json document = Document();
  EXPECT_EQ(Keys(document),
            (Names{"schema_version", "tool", "environment", "plan", "trials",
                   "analysis", "controls", "models", "crossovers", "unmodelled",
                   "complete"}));
  EXPECT_EQ(document["schema_version"], 2);
  EXPECT_EQ(document["tool"], "polymux");
  EXPECT_EQ(document["complete"], true);
  EXPECT_EQ(document["environment"]["build"]["ndebug"], true);
}

TEST(ResultsTest, EachFactIsKnownOrNull) {
  Results results = SampleResults();
  results.environment.provenance = {{Facts()[1].key, "known"}};
  const Json provenance =
      Json::parse(ToJson(results))["environment"]["provenance"];
  EXPECT_EQ(provenance.size(), Facts().size());
  for (const Fact& fact : Facts()) {
    const bool known = fact.key == Facts()[1].key;
    EXPECT_EQ(provenance[fact.key], known ? Json("known") : Json(nullptr));
  }
}

TEST(ResultsTest, ThePlan) {
  const Json plan = Document()["plan"];
  EXPECT_EQ(plan["scenarios"][1],
            Json::parse(R"({"name": "crowd", "connections": 210, "active": 10,
                            "idle": 200, "message_size": 100, "depth": 1,
                            "rate": null, "arrivals": "poisson",
                            "messages_per_connection": null,
                            "slow_readers": 0, "burst": false,
                            "fan_out": false,
                            "reactors": null})"));
  EXPECT_EQ(plan["arms"][2],
            Json::parse(R"({"name": "raw", "kind": "peer", "target": "raw",
                            "max_fd": null, "unavailable": null, "sha256": null})"));
  EXPECT_EQ(plan["baseline"], "base");
  EXPECT_EQ(plan["rounds"], 3);
  EXPECT_EQ(plan["window_ns"], 1'000'000'000);
  EXPECT_EQ(plan["seed"], 1);
  EXPECT_EQ(plan["server_cpus"], Json::parse("[0]"));
}

TEST(ResultsTest, ATrialHasAllOfTheDesignsFields) {
  const Plan plan = SamplePlan();
  Results results{.environment = {}, .plan = plan};
  results.trials = {SampleTrial(plan, {0, 0, 2, 1}, 10)};
  results.trials[0].calibration_ns = {1'000'000, 1'010'000};
  const Json trial = Json::parse(ToJson(results))["trials"][0];
  EXPECT_EQ(trial, Json::parse(R"({
    "scenario": "small", "arm": "base", "backend": null, "round": 2,
    "position": 1, "attempt": 0, "cpus_swapped": false, "padding": 0, "valid": true, "invalid_reason": null,
    "flags": ["client-bound", "unsaturated"],
    "calibration_ns": [1000000, 1010000], "messages": 1000,
    "window_ns": 1000000000,
    "server_cpu_ns": 10000000, "cpu_source": null, "unknown": {},
    "server_user_ns": null,
    "server_system_ns": null, "rss_bytes": 5242880, "rss_anon_bytes": null,
    "load_cpu_ns": 500000000,
    "latency_ns": {"p50": 1500, "p90": 2500, "p99": 12345, "p999": null,
                   "max": 20000},
    "histogram": [[2000, 600], [20000, 400]],
    "counters": {"adds": 5, "bytes_read": 50000, "eagain_reads": 100,
                 "reads": 600, "removes": 5, "waits": 50, "writes": 500},
    "system_calls": ["waits", "reads", "writes"],
    "build": {"ndebug": true, "compiler": "cc", "sanitizer": ""},
    "service_ns": null, "send_lag_ns": null, "connect_ns": null,
    "histograms": {}, "rate": null, "connections_opened": 0,
    "half_messages": [0, 0], "half_server_cpu_ns": null,
    "voluntary_switches": null, "involuntary_switches": null,
    "steal_ns": null, "psi_cpu_us": null, "other_cpu_ns": 0,
    "throttled_ns": null, "begun_unseen": 0})"));
}

TEST(ResultsTest, WhatIsNotAvailableIsNull) {
  const Plan plan = SamplePlan();
  Results results{.environment = {}, .plan = plan};
  results.trials = {SampleTrial(plan, {0, 2, 0, 0}, 10)};
  results.trials[0].invalid = "broken \xff";
  const Json document = Json::parse(ToJson(results));
  const Json& trial = document["trials"][0];
  EXPECT_TRUE(trial["counters"].is_null());
  EXPECT_TRUE(trial["system_calls"].is_null());
  EXPECT_TRUE(trial["build"].is_null());
  EXPECT_EQ(trial["valid"], false);
  EXPECT_TRUE(document["environment"]["governor"].is_null());
  EXPECT_EQ(document["complete"], false);
}

TEST(ResultsTest, TheAnalysisHasARowPerScenarioAndArm) {
  const Json analysis = Document()["analysis"];
  ASSERT_EQ(analysis.size(), 6u);
  EXPECT_EQ(analysis[0]["metrics"]["server_cpu_us_per_message"],
            Json::parse(R"({"median": 11.0, "min": 10.0, "max": 12.0})"));
  EXPECT_TRUE(analysis[0]["ratio_to_baseline"].is_null());
  EXPECT_EQ(analysis[1]["ratio_to_baseline"]["median"], 0.5);
  EXPECT_EQ(analysis[4]["arm"], "low");
  EXPECT_EQ(analysis[4]["scenario"], "crowd");
  EXPECT_TRUE(analysis[4]["unsupported"].is_string());
  EXPECT_EQ(analysis[4]["valid_trials"], 0);
}

}  // namespace
}  // namespace polymux::bench
