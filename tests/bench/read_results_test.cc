#include "bench/lab/read_results.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "tests/bench/lab_samples.h"

namespace polymux::bench {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;

void FillTraffic(LoadOutcome& load) {
  load.service_ns = {.p50 = 1, .p90 = 2, .p99 = 3, .p999 = 4, .max = 5};
  load.send_lag_ns = {.p50 = 6, .p90 = 6, .p99 = 6, .p999 = 6, .max = 6};
  load.connect_ns = {.p50 = 7, .p90 = 7, .p99 = 7, .p999 = 7, .max = 7};
  load.histograms = {{"service", {{10, 1}, {20, 2}}}, {"connect", {}}};
  load.rate = {.intended = 10.5, .achieved = 9.5, .sent_late = 1, .late = true};
  load.connections_opened = 11;
  load.half_messages = {12, 13};
  load.half_server_cpu_ns = {14, 15};
  load.voluntary_switches = 16;
  load.involuntary_switches = 17;
  load.steal_ns = 18;
  load.psi_cpu_us = 19;
  load.other_cpu_ns = 20;
  load.cpu_source = "cgroup2";
  load.unknown = {{"memory", "no process was left"}};
  load.throttled_ns = 21;
  load.begun_unseen = 22;
}

// Results in which no field has its default value.
Results FullResults() {
  Results results = SampleResults();
  results.environment = {.date = "2026-01-02T03:04:05Z",
                         .kernel = "Linux 6.1.0 x86_64",
                         .cpu_model = "AMD EPYC",
                         .cpus = 2,
                         .memory_bytes = 8'000'000'000,
                         .governor = "performance",
                         .clock_source = "tsc",
                         .virtualisation = "kvm",
                         .somaxconn = "4096",
                         .descriptor_limit = 20'000,
                         .build = {true, "gcc 12.2.0", "address"}};
  for (const Fact& fact : Facts()) {
    results.environment.provenance[fact.key] = fact.title;
  }
  Plan& plan = results.plan;
  plan.arms[1].unavailable = "forbidden";
  plan.arms[1].sha256 = "0123";
  plan.reactors = 2;
  plan.load_threads = 3;
  plan.precision = 0.01;
  plan.margin = 0.03;
  plan.confidence = 0.99;
  plan.control = "raw";
  plan.seed = 0xffff'ffff'ffff'ffff;
  plan.scenarios[0].rate = 1234.5;
  plan.scenarios[0].arrivals = Arrivals::kConstant;
  plan.scenarios[0].reactors = 2;
  plan.scenarios[1].messages_per_connection = 8;
  plan.scenarios[0].slow_readers = 3;
  plan.scenarios.push_back({.name = "burst", .burst = true});
  plan.scenarios.push_back({.name = "fan-out", .fan_out = true});
  Trial& trial = results.trials[0];
  trial.slot.attempt = 2;
  trial.slot.cpus_swapped = true;
  trial.slot.padding = 17;
  trial.backend = "epoll-lt";
  trial.calibration_ns = {1'000'000, 1'010'000};
  trial.load.server_user_ns = 5;
  trial.load.server_system_ns = 6;
  trial.load.rss_anon_bytes = 7;
  trial.load.latency_ns.p999 = 19'000;
  FillTraffic(trial.load);
  results.trials[1].invalid = "3 mismatch <&> \u00b5";
  return results;
}

// Why the sample's document cannot be read after `change`.
std::string ReasonAfter(const std::function<void(json&)>& change) {
  json document = json::parse(ToJson(SampleResults()));
  change(document);
  try {
    ParseResults(document.dump());
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "it was read";
}

TEST(ReadResultsTest, WhatIsReadIsWrittenTheSame) {
  for (const Results& results : {SampleResults(), FullResults()}) {
    const std::string document = ToJson(results);
    EXPECT_EQ(ToJson(ParseResults(document)), document);
  }
}

// Those before there was a fan-out, calibrations, and blocks for each scenario.
TEST(ReadResultsTest, ReadsOlderFiles) {
  json document = json::parse(ToJson(SampleResults()));
  for (json& scenario : document["plan"]["scenarios"]) {
    scenario.erase("fan_out");
  }
  document["plan"].erase("whole_blocks");
  for (json& trial : document["trials"]) trial.erase("calibration_ns");
  const Results results = ParseResults(document.dump());
  for (const Scenario& scenario : results.plan.scenarios) {
    EXPECT_FALSE(scenario.fan_out);
  }
}

TEST(ReadResultsTest, ReadsAnInterruptedRun) {
  Results results = FullResults();
  results.trials.resize(2);
  results.complete = false;
  const std::string document = ToJson(results);
  EXPECT_EQ(ToJson(ParseResults(document)), document);
  results.trials.clear();
  EXPECT_TRUE(ParseResults(ToJson(results)).trials.empty());
}

TEST(ReadResultsTest, ReadsAFile) {
  const auto path = std::filesystem::path(testing::TempDir()) / "r.json";
  WriteResults(FullResults(), path);
  EXPECT_EQ(ToJson(ReadResults(path)), ToJson(FullResults()));
}

TEST(ReadResultsTest, AnErrorNamesTheFile) {
  const auto path = std::filesystem::path(testing::TempDir()) / "bad.json";
  std::ofstream(path) << "{\"tool\": ";
  try {
    ReadResults(path);
    FAIL() << "it was read";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr(path.string()), HasSubstr("parse error")));
  }
  EXPECT_THROW(ReadResults("/no/such/file"), std::runtime_error);
  EXPECT_THROW(ReadResults(testing::TempDir()), std::runtime_error);
  for (const char* text : {"", "{", "nothing", "[]", "{}", "3"}) {
    std::ofstream(path) << text;
    try {
      ReadResults(path);
      ADD_FAILURE() << "it was read: " << text;
    } catch (const std::runtime_error& error) {
      EXPECT_THAT(error.what(), HasSubstr(path.string()));
    }
  }
}

TEST(ReadResultsTest, RefusesOtherVersionsAndOtherFiles) {
  EXPECT_EQ(ReasonAfter([](json& document) { document["schema_version"] = 1; }),
            "schema_version 1; this program reads version 2 only");
  EXPECT_THAT(ReasonAfter([](json& document) { document = json::array(); }),
              HasSubstr("no results file"));
  EXPECT_THAT(ReasonAfter([](json& document) { document["tool"] = "wrk"; }),
              HasSubstr("no results file"));
}

TEST(ReadResultsTest, AnErrorSaysWhere) {
  EXPECT_THAT(ReasonAfter([](json& document) {
                document["plan"]["arms"][1].erase("target");
              }),
              AllOf(HasSubstr("/plan/arms/1"), HasSubstr("target")));
  EXPECT_THAT(ReasonAfter([](json& document) {
                document["trials"][4]["messages"] = "many";
              }),
              AllOf(HasSubstr("/trials/4/messages"), HasSubstr("number")));
  EXPECT_THAT(ReasonAfter([](json& document) {
                document["trials"][3]["arm"] = "other";
              }),
              AllOf(HasSubstr("trial 3"), HasSubstr("no arm \"other\"")));
  EXPECT_THAT(
      ReasonAfter([](json& document) { document["plan"]["baseline"] = "x"; }),
      HasSubstr("no baseline \"x\""));
}

TEST(ReadResultsTest, RefusesWhatTheLabRequires) {
  EXPECT_THAT(ReasonAfter([](json& document) {
                document["plan"]["scenarios"][0]["message_size"] = 0;
              }),
              HasSubstr("scenario \"small\": a message has 1 byte to 1g"));
  EXPECT_THAT(
      ReasonAfter([](json& document) { document["trials"][0]["round"] = -1; }),
      HasSubstr("round: -1 is out of range"));
}

// What report and diff would abort on, or compute for ever.
TEST(ReadResultsTest, EveryNumberHasARange) {
  const json huge = std::uint64_t{1} << 40;
  const struct {
    const char* field;
    json value;
  } plan_fields[] = {
      {"confidence", 5},
      {"confidence", 0},
      {"confidence", 1},
      {"margin", -0.02},
      {"precision", 7},
      {"rounds", 2147483647},
      {"reactors", huge},
      {"load_threads", -1},
      {"window_ns", -1},
      {"warm_up_ns", 1e300},
      {"rounds", 1.5},
      {"descriptor_limit", -1},
      {"scenarios/0/reactors", huge},
      {"scenarios/0/message_size", -100},
      {"scenarios/0/message_size", (1 << 30) + 1},
      {"scenarios/0/active", 0},
      {"scenarios/0/messages_per_connection", -1},
      {"scenarios/0/rate", -1},
      {"arms/1/max_fd", -1},
      {"seed", -1},
      {"seed", 1e300},
      {"server_cpus", {1e300}},
      {"server_cpus", {-1}},
      {"scenarios/0/rate", 1e300},
  };
  for (const auto& [field, value] : plan_fields) {
    const auto place = json::json_pointer("/plan/" + std::string(field));
    EXPECT_NE(ReasonAfter([&, wrong = value](json& document) {
                document[place] = wrong;
              }),
              "it was read")
        << field << " = " << value;
  }
  for (const char* field :
       {"round", "position", "attempt", "padding", "messages", "window_ns",
        "server_cpu_ns", "load_cpu_ns", "rss_bytes", "latency_ns/p50",
        "half_messages/1", "connections_opened", "steal_ns", "other_cpu_ns",
        "throttled_ns", "begun_unseen", "histogram/0/1", "counters/waits"}) {
    const auto place = json::json_pointer("/trials/2/" + std::string(field));
    EXPECT_THAT(ReasonAfter([&](json& document) { document[place] = -1; }),
                AllOf(HasSubstr("trial 2: "), HasSubstr("out of range")))
        << field;
  }
  EXPECT_EQ(
      ReasonAfter([](json& document) { document["plan"]["confidence"] = 5; }),
      "confidence: 5 is out of range");
  EXPECT_EQ(
      ReasonAfter([](json& document) { document["trials"][2]["round"] = 3; }),
      "trial 2: round: 3 is out of range");
}

TEST(ReadResultsTest, TextOfOthersIsPrintable) {
  const std::string hostile = "x\x1b]0;title\x07\r\n# heading\u202e";
  const std::string harmless = R"(x\x1b]0;title\x07\r\n# heading\u202e)";
  const std::string prose = R"(x\x1b]0;title\x07\r # heading\u202e)";
  Results results = FullResults();
  results.plan.scenarios[0].name = hostile;
  results.plan.arms[0].name = results.plan.baseline = hostile;
  results.plan.arms[1].target = results.plan.arms[1].unavailable = hostile;
  results.environment.kernel = results.environment.cpu_model = hostile;
  results.environment.build.compiler = hostile;
  results.trials[1].invalid = results.trials[0].backend = hostile;
  results.trials[0].counters->counters[hostile] = 1;
  results.trials[0].counters->system_calls.push_back(hostile);
  const Results read = ParseResults(ToJson(results));
  EXPECT_EQ(read.plan.scenarios[0].name, harmless);
  EXPECT_EQ(read.plan.arms[0].name, harmless);
  EXPECT_EQ(read.plan.baseline, harmless);
  EXPECT_EQ(read.plan.arms[1].target, prose);
  EXPECT_EQ(read.plan.arms[1].unavailable, prose);
  EXPECT_EQ(read.environment.kernel, prose);
  EXPECT_EQ(read.environment.cpu_model, prose);
  EXPECT_EQ(read.environment.build.compiler, prose);
  EXPECT_EQ(read.trials[1].invalid, prose);
  EXPECT_EQ(read.trials[0].backend, prose);
  EXPECT_TRUE(read.trials[0].counters->counters.contains(harmless));
  EXPECT_EQ(read.trials[0].counters->system_calls.back(), harmless);
}

TEST(ReadResultsTest, NamesAndTextsHaveALength) {
  EXPECT_EQ(ReasonAfter([](json& document) {
              document["plan"]["scenarios"][0]["name"] = std::string(201, 'x');
            }),
            "name: a name of 201 bytes; 200 are the most");
  json document = json::parse(ToJson(SampleResults()));
  document["trials"][0]["invalid_reason"] = std::string(1'000'000, 'x');
  const std::string reason = ParseResults(document.dump()).trials[0].invalid;
  EXPECT_LT(reason.size(), 5000u);
  EXPECT_THAT(reason, EndsWith(" [...]"));
}

TEST(ReadResultsTest, HistogramsAreChecked) {
  const struct {
    json histogram;
    const char* reason;
  } cases[] = {
      {{{1, -2}, {2, 1}}, "-2 is out of range"},
      {{{-1, 1}}, "-1 is out of range"},
      {{{1, 1.5}}, "1.5 is out of range"},
      {{{2, 1}, {1, 1}}, "bucket 1 does not ascend"},
      {{{1, 1}, {1, 1}}, "bucket 1 does not ascend"},
      {{{1, 600'000'000'000}, {2, 600'000'000'000}},
       "more than 1000000000000 samples"},
      {{{1}}, "out of range"},
      {json(std::vector<json>(65'537, json{1, 1})), "65536 are the most"},
  };
  for (const auto& [histogram, reason] : cases) {
    const auto latencies = json{
        {{"scenario", "small"}, {"arm", "base"}, {"histogram", histogram}}};
    EXPECT_THAT(
        ReasonAfter([&](json& document) { document["latencies"] = latencies; }),
        HasSubstr(reason));
    EXPECT_THAT(ReasonAfter([&](json& document) {
                  document["trials"][1]["histogram"] = histogram;
                }),
                HasSubstr(reason));
    EXPECT_THAT(ReasonAfter([&](json& document) {
                  document["trials"][1]["histograms"]["service"] = histogram;
                }),
                HasSubstr(reason));
  }
}

TEST(ReadResultsTest, ListsAndDepthAreBounded) {
  EXPECT_THAT(ReasonAfter([](json& document) {
                json& arms = document["plan"]["arms"];
                arms = std::vector<json>(50'001, arms[0]);
              }),
              HasSubstr("arms: 50001 elements; 50000 are the most"));
  EXPECT_THAT(ReasonAfter([](json& document) {
                json& scenarios = document["plan"]["scenarios"];
                scenarios = std::vector<json>(10'001, scenarios[0]);
              }),
              HasSubstr("10000 are the most"));
  EXPECT_THAT(ReasonAfter([](json& document) {
                for (int i = 0; i < 257; ++i) {
                  document["trials"][0]["counters"][std::to_string(i)] = 1;
                }
              }),
              HasSubstr("256 are the most"));
  EXPECT_THROW(ParseResults(std::string(1'000'000, '[')), std::runtime_error);
  EXPECT_THAT(ReasonAfter([](json& document) {
                json deep = 1;
                for (int i = 0; i < 40; ++i) deep = json::array({deep});
                document["analysis"] = deep;
              }),
              HasSubstr("nested more than 32 levels deep"));
  EXPECT_THROW(ReadResults("/dev/zero"), std::system_error);
}

TEST(ReadResultsTest, NamesAreUnique) {
  EXPECT_EQ(ReasonAfter([](json& document) {
              document["plan"]["arms"][1]["name"] = "base";
            }),
            "arms: two are named \"base\"");
  EXPECT_EQ(ReasonAfter([](json& document) {
              document["plan"]["scenarios"][1]["name"] = "small";
            }),
            "scenarios: two are named \"small\"");
  EXPECT_EQ(ReasonAfter([](json& document) {
              document["plan"]["scenarios"] = json::array();
            }),
            "scenarios: none");
  EXPECT_THAT(
      ReasonAfter([](json& document) { document["plan"]["control"] = "x"; }),
      HasSubstr("no control \"x\""));
}

}  // namespace
}  // namespace polymux::bench
