#include "bench/load/load_report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

namespace polymux::bench {
namespace {

using Json = nlohmann::ordered_json;

LoadShape SomeShape() {
  LoadShape shape;
  shape.connections = 1000;
  shape.idle = 8000;
  shape.size = 16384;
  shape.depth = 16;
  return shape;
}

// Two seconds, 200 messages of 1 to 200 us.
LoadResult SomeResult() {
  LoadResult result;
  for (std::uint64_t i = 1; i <= 200; ++i) result.latency.Record(i * 1000);
  result.half_messages = {90, 110};
  result.window.window_ns = 2'000'000'000;
  result.window.load_cpu_ns = 500'000'000;
  return result;
}

std::vector<std::string> KeysOf(const Json& json) {
  std::vector<std::string> keys;
  for (const auto& item : json.items()) keys.push_back(item.key());
  return keys;
}

std::size_t LongestLine(const std::string& text) {
  std::size_t longest = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    longest = std::max(longest, line.size());
  }
  return longest;
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(LoadJson, HasExactlyTheDocumentedFields) {
  const Json json = LoadJson(SomeShape(), SomeResult());
  EXPECT_EQ(KeysOf(json), std::vector<std::string>({"interrupted",
                                                    "connections",
                                                    "idle",
                                                    "size",
                                                    "depth",
                                                    "threads",
                                                    "messages",
                                                    "bytes",
                                                    "window_ns",
                                                    "messages_per_second",
                                                    "latency_ns",
                                                    "histogram",
                                                    "service_ns",
                                                    "send_lag_ns",
                                                    "connect_ns",
                                                    "histograms",
                                                    "rate",
                                                    "connections_opened",
                                                    "half_messages",
                                                    "load_cpu_ns",
                                                    "load_cpu_share",
                                                    "observed",
                                                    "half_server_cpu_ns",
                                                    "context_switches",
                                                    "system",
                                                    "errors",
                                                    "first_error"}));
  EXPECT_EQ(KeysOf(json["latency_ns"]),
            std::vector<std::string>({"p50", "p90", "p99", "p999", "max"}));
  EXPECT_EQ(KeysOf(json["errors"]),
            std::vector<std::string>(
                {"mismatch", "short", "closed", "connect", "backlog"}));
}

TEST(LoadJson, TellsTheResult) {
  const Json json = LoadJson(SomeShape(), SomeResult());
  EXPECT_EQ(json["messages"], 200);
  EXPECT_EQ(json["bytes"], 200 * 16384);
  EXPECT_EQ(json["messages_per_second"], 100.0);
  EXPECT_EQ(json["load_cpu_share"], 0.25);
  EXPECT_NEAR(json["latency_ns"]["p50"].get<double>(), 100'000, 800);
  EXPECT_NEAR(json["latency_ns"]["p90"].get<double>(), 180'000, 1500);
  EXPECT_EQ(json["latency_ns"]["max"], 200'000);
  std::uint64_t sum = 0;
  for (const Json& bucket : json["histogram"]) {
    sum += bucket[1].get<std::uint64_t>();
  }
  EXPECT_EQ(sum, 200U);
}

TEST(LoadJson, WhatIsNotKnownIsNull) {
  const Json json = LoadJson(SomeShape(), SomeResult());
  EXPECT_TRUE(json["latency_ns"]["p99"].is_null());  // 2 samples beyond
  EXPECT_TRUE(json["observed"].is_null());
  EXPECT_TRUE(json["first_error"].is_null());
  const Json empty = LoadJson(SomeShape(), LoadResult());
  EXPECT_TRUE(empty["latency_ns"]["max"].is_null());
  EXPECT_EQ(empty["messages_per_second"], 0.0);
  EXPECT_EQ(empty["load_cpu_share"], 0.0);
  EXPECT_EQ(empty["histogram"], Json::array());
}

TEST(LoadJson, TellsErrorsAndObservedProcesses) {
  LoadResult result = SomeResult();
  result.errors.Add(&LoadErrors::short_echo, "connection 3: \"why\"");
  result.errors.Add(&LoadErrors::closed, "connection 4: later");
  result.window.observed =
      ObservedUsage{.cpu_source = "clocks",
                    .cpu_ns = 1,
                    .user_ns = 2,
                    .system_ns = 3,
                    .rss_bytes = 4,
                    .rss_anon_bytes = 5,
                    .unknown = {{"context_switches", "a thread ended"}}};
  const Json json = Json::parse(LoadJson(SomeShape(), result).dump());
  EXPECT_EQ(json["errors"]["short"], 1);
  EXPECT_EQ(json["errors"]["closed"], 1);
  EXPECT_EQ(json["first_error"], "connection 3: \"why\"");
  EXPECT_EQ(json["observed"].dump(),
            R"({"cpu_ns":1,"cpu_source":"clocks","user_ns":2,"system_ns":3,)"
            R"("rss_bytes":4,"rss_anon_bytes":5,)"
            R"("unknown":{"context_switches":"a thread ended"}})");
  EXPECT_EQ(json["context_switches"].dump(),
            R"({"voluntary":null,"involuntary":null})");
}

TEST(LoadSummary, TellsWhyTheCpuTimeIsNotKnown) {
  LoadResult result = SomeResult();
  result.window.observed = ObservedUsage{
      .rss_bytes = 3 << 20, .unknown = {{"cpu", "a process ended"}}};
  EXPECT_NE(LoadSummary(SomeShape(), result)
                .find("observed a process ended, RSS 3.0 MiB\n"),
            std::string::npos);
}

TEST(LoadJson, WhatTheTrafficDoesNotHaveIsNull) {
  const Json json = LoadJson(SomeShape(), SomeResult());
  EXPECT_TRUE(json["rate"].is_null());
  EXPECT_TRUE(json["service_ns"].is_null());
  EXPECT_TRUE(json["connect_ns"].is_null());
  EXPECT_EQ(json["histograms"], Json::object());
  EXPECT_EQ(json["connections_opened"], 0);
  EXPECT_TRUE(json["half_server_cpu_ns"].is_null());
  EXPECT_TRUE(json["context_switches"].is_null());
  EXPECT_TRUE(json["system"]["psi_cpu_some_us"].is_null());
}

TEST(LoadJson, TellsTheOpenLoop) {
  LoadShape shape = SomeShape();
  shape.rate = 100;
  shape.duration = std::chrono::seconds(2);
  LoadResult result = SomeResult();
  result.due = 220;
  result.sent_late = 2;
  result.service.Record(5);
  result.send_lag.Record(7);
  Json json = LoadJson(shape, result);
  EXPECT_EQ(json["interrupted"], false);
  EXPECT_EQ(json["rate"]["asked"], 100.0);
  EXPECT_EQ(json["rate"]["intended"], 110.0);
  EXPECT_EQ(json["rate"]["achieved"], 100.0);
  EXPECT_EQ(json["rate"]["sent_late"], 2);
  EXPECT_EQ(json["rate"]["late"], false);
  EXPECT_EQ(json["send_lag_ns"]["max"], 7);
  EXPECT_EQ(json["histograms"].dump(),
            R"({"service":[[5,1]],"send_lag":[[7,1]]})");
  result.sent_late = 3;  // more than 1 %
  json = LoadJson(shape, result);
  EXPECT_EQ(json["rate"]["late"], true);
}

// What was due by then in the part of the window that there was.
TEST(LoadJson, TellsThatItWasInterrupted) {
  LoadShape shape = SomeShape();
  shape.rate = 100;
  shape.duration = std::chrono::seconds(20);
  LoadResult result = SomeResult();  // of 2 s
  result.due = 200;
  result.stopped = true;
  Json json = LoadJson(shape, result);
  EXPECT_EQ(json["interrupted"], true);
  EXPECT_EQ(json["rate"]["intended"], 100.0);
  result.window = {};
  json = LoadJson(shape, result);
  EXPECT_EQ(json["rate"]["intended"], 0.0);
}

TEST(FailureOf, SilenceOfThoseWhoSendIsOne) {
  LoadShape shape = SomeShape();
  EXPECT_EQ(FailureOf(shape, SomeResult()), "");
  EXPECT_EQ(FailureOf(shape, LoadResult()),
            "no message came back in --duration");
  // In an open loop the only one may be due at the end, and come back after it.
  LoadResult late;
  late.latency.Record(5);
  EXPECT_EQ(FailureOf(shape, late), "");
  shape.connections = 0;
  EXPECT_EQ(FailureOf(shape, LoadResult()), "");
  LoadResult broken = SomeResult();
  broken.errors.Add(&LoadErrors::closed, "connection 5: closed");
  EXPECT_EQ(FailureOf(shape, broken), "connection 5: closed");
}

TEST(LoadJson, TellsHalvesConnectionsAndTheMachine) {
  LoadResult result = SomeResult();
  result.connect.Record(9);
  result.window.half_observed_cpu_ns = {3, 4};
  result.window.observed =
      ObservedUsage{.voluntary_switches = 11, .involuntary_switches = 12};
  result.window.system = {.busy_ns = 20, .steal_ns = 5, .psi_cpu_some_us = 6};
  result.window.other_cpu_ns = 8;
  result.window.begun_unseen = 9;
  result.window.system.throttled_ns = 10;
  const Json json = LoadJson(SomeShape(), result);
  EXPECT_EQ(json["half_messages"].dump(), "[90,110]");
  EXPECT_EQ(json["half_server_cpu_ns"].dump(), "[3,4]");
  EXPECT_EQ(json["connections_opened"], 1);
  EXPECT_EQ(json["histograms"].dump(), R"({"connect":[[9,1]]})");
  EXPECT_EQ(json["context_switches"].dump(),
            R"({"voluntary":11,"involuntary":12})");
  EXPECT_EQ(json["system"].dump(),
            R"({"steal_ns":5,"psi_cpu_some_us":6,"other_cpu_ns":8,)"
            R"("begun_unseen":9,"throttled_ns":10})");
}

TEST(LoadSummary, TellsTheTraffic) {
  LoadShape shape = SomeShape();
  shape.rate = 100;
  LoadResult result = SomeResult();
  result.due = 200;
  result.sent_late = 200;
  result.connect.Record(9000);
  for (std::uint64_t i = 1; i <= 2'000'000; ++i) {
    result.service.Record(999'499);
    result.send_lag.Record(999'499);
  }
  const std::string summary = LoadSummary(shape, result);
  EXPECT_TRUE(Contains(summary, "the load generator was LATE"));
  EXPECT_TRUE(Contains(summary, "send lag  p50 999 us")) << summary;
  EXPECT_TRUE(Contains(summary, "opened   1 connections"));
  EXPECT_LE(LongestLine(summary), 80U) << summary;
}

TEST(LoadSummary, FitsATerminal) {
  LoadResult result = SomeResult();
  for (int i = 0; i < 100'000; ++i) result.latency.Record(999'499);
  result.window.observed =
      ObservedUsage{.cpu_ns = 1'900'000'000, .rss_bytes = 1 << 30};
  result.window.load_cpu_ns = 1'990'000'000;
  result.errors.Add(&LoadErrors::mismatch, "connection 12345: reason");
  const std::string summary = LoadSummary(SomeShape(), result);
  EXPECT_LE(LongestLine(summary), 80U) << summary;
}

TEST(LoadSummary, SaysWhatMatters) {
  LoadResult result = SomeResult();
  EXPECT_TRUE(Contains(LoadSummary(SomeShape(), result), "errors   none"));
  EXPECT_TRUE(Contains(LoadSummary(SomeShape(), result), "p99 n/a"));
  EXPECT_FALSE(Contains(LoadSummary(SomeShape(), result), "set the rate"));
  result.window.load_cpu_ns = 1'950'000'000;
  EXPECT_TRUE(Contains(LoadSummary(SomeShape(), result), "set the rate"));
  result.errors.Add(&LoadErrors::mismatch, "connection 5: reason");
  EXPECT_TRUE(
      Contains(LoadSummary(SomeShape(), result), "mismatch 1, short 0"));
  EXPECT_TRUE(Contains(LoadSummary(SomeShape(), result),
                       "first: connection 5: reason"));
}

TEST(LoadSummary, SaysFirstThatItWasInterrupted) {
  LoadShape shape = SomeShape();
  shape.duration = std::chrono::seconds(20);
  LoadResult result = SomeResult();
  result.stopped = true;
  std::string summary = LoadSummary(shape, result);
  EXPECT_EQ(summary.find("INTERRUPTED after 2.00 s of 20s\n"), 0U) << summary;
  EXPECT_TRUE(Contains(summary, "messages 200 ")) << summary;
  result.window = {};
  EXPECT_EQ(LoadSummary(shape, result),
            "INTERRUPTED before anything was measured\n");
}

TEST(LoadSummary, SlowRatesAreNotCutOff) {
  LoadShape shape = SomeShape();
  shape.rate = 0.3;
  shape.duration = std::chrono::seconds(10);
  LoadResult result = SomeResult();
  result.half_messages = {2, 1};
  result.due = 3;
  result.window.window_ns = 10'000'000'000;
  const std::string summary = LoadSummary(shape, result);
  EXPECT_TRUE(Contains(summary, "messages 3 (0.3 per second")) << summary;
  EXPECT_TRUE(Contains(summary, "rate     0.3 per second were due")) << summary;
}

TEST(LoadSummary, WithoutAWindowTellsTheErrorsAlone) {
  LoadResult result;
  result.errors.Add(&LoadErrors::connect, "connection 0: Connection refused");
  const std::string summary = LoadSummary(SomeShape(), result);
  EXPECT_EQ(summary.find("errors"), 0U) << summary;
}

}  // namespace
}  // namespace polymux::bench
