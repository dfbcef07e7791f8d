#include "bench/lab/load_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

namespace polymux::bench {
namespace {

using nlohmann::json;

json Document() {
  return json::parse(R"({
    "messages": 1000, "window_ns": 500, "load_cpu_ns": 400,
    "latency_ns": {"p50": 10, "p90": 20, "p99": 30, "p999": null, "max": 40},
    "histogram": [[15, 600], [40, 400]],
    "observed": {"cpu_ns": 90, "user_ns": 30, "system_ns": 60,
                 "rss_bytes": 4096, "rss_anon_bytes": 1024},
    "errors": {"mismatch": 0, "short": 0, "closed": 0, "connect": 0},
    "first_error": null})");
}

TEST(LoadProcessTest, TakesTheFigures) {
  const LoadOutcome outcome = ParseLoadOutcome(Document().dump());
  EXPECT_EQ(outcome.error, "");
  EXPECT_EQ(outcome.messages, 1000);
  EXPECT_EQ(outcome.window_ns, 500);
  EXPECT_EQ(outcome.load_cpu_ns, 400);
  EXPECT_EQ(outcome.latency_ns.p99, 30);
  EXPECT_EQ(outcome.latency_ns.p999, std::nullopt);
  EXPECT_EQ(outcome.histogram.size(), 2u);
  EXPECT_EQ(outcome.server_cpu_ns, 90);
  EXPECT_EQ(outcome.rss_anon_bytes, 1024);
}

TEST(LoadProcessTest, TakesWhatTheTrafficAdds) {
  json document = Document();
  document["service_ns"] = document["latency_ns"];
  document["send_lag_ns"] = {{"p50", 1}, {"p99", nullptr}, {"max", 3}};
  document["connect_ns"] = nullptr;
  document["histograms"]["service"] = {{5, 6}};
  document["rate"] = {{"intended", 1000.5},
                      {"achieved", 999.0},
                      {"sent_late", 3},
                      {"late", true}};
  document["connections_opened"] = 7;
  const LoadOutcome outcome = ParseLoadOutcome(document.dump());
  EXPECT_EQ(outcome.service_ns->p90, 20);
  EXPECT_EQ(outcome.send_lag_ns->max, 3);
  EXPECT_EQ(outcome.send_lag_ns->p99, std::nullopt);
  EXPECT_FALSE(outcome.connect_ns);
  EXPECT_EQ(outcome.histograms.at("service").front().second, 6);
  EXPECT_EQ(outcome.rate->intended, 1000.5);
  EXPECT_EQ(outcome.rate->sent_late, 3);
  EXPECT_TRUE(outcome.rate->late);
  EXPECT_EQ(outcome.connections_opened, 7);
}

TEST(LoadProcessTest, TakesHalvesAndSurroundings) {
  json document = Document();
  document["half_messages"] = {400, 600};
  document["half_server_cpu_ns"] = {40, 50};
  document["context_switches"] = {{"voluntary", 11}, {"involuntary", 12}};
  document["system"] = {
      {"steal_ns", 13}, {"psi_cpu_some_us", nullptr}, {"other_cpu_ns", 15}};
  const LoadOutcome outcome = ParseLoadOutcome(document.dump());
  EXPECT_EQ(outcome.half_messages[1], 600);
  EXPECT_EQ((*outcome.half_server_cpu_ns)[0], 40);
  EXPECT_EQ(outcome.voluntary_switches, 11);
  EXPECT_EQ(outcome.involuntary_switches, 12);
  EXPECT_EQ(outcome.steal_ns, 13);
  EXPECT_EQ(outcome.psi_cpu_us, std::nullopt);
  EXPECT_EQ(outcome.other_cpu_ns, 15);
}

// A program that tells, as its first error, what it was called with.
class Parrot {
 public:
  Parrot() : path_(testing::TempDir() + "/parrot") {
    std::ofstream(path_) << "#!/bin/sh\nprintf '" << kResult << "' \"$*\"\n";
    std::filesystem::permissions(path_, std::filesystem::perms::owner_all);
  }

  const std::string& path() const { return path_; }

 private:
  static constexpr const char* kResult =
      R"({"messages":0,"window_ns":0,"load_cpu_ns":0,"latency_ns":{},)"
      R"("histogram":[],"observed":null,"errors":{"closed":1},)"
      R"("first_error":"%s"})";

  const std::string path_;
};

// It was stopped for longer than its window: issue 13.
TEST(LoadProcessTest, AGeneratorWithoutATurnIsNotASilentServer) {
  const std::string path = testing::TempDir() + "/late";
  std::ofstream(path)
      << "#!/bin/sh\necho '"
      << R"({"messages":0,"window_ns":33349,"load_cpu_ns":0,"latency_ns":{},)"
      << R"("histogram":[],"observed":null,"errors":{},"first_error":null})"
      << "'\n";
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  LoadProcessOptions options;
  options.polymux = path;
  options.window = std::chrono::milliseconds(500);
  EXPECT_EQ(RunLoadProcess(options).error,
            "the load generator had no turn: its window lasted 0.0333 of 500 "
            "ms");
  options.window = std::chrono::nanoseconds(33349);
  EXPECT_EQ(RunLoadProcess(options).error, "no message came back");
}

bool SaysToTheGenerator(const LoadProcessOptions& options,
                        const std::string& flags) {
  return RunLoadProcess(options).error.find(flags) != std::string::npos;
}

TEST(LoadProcessTest, SaysTheTrafficToTheGenerator) {
  const Parrot parrot;
  LoadProcessOptions options;
  options.address = "1.2.3.4:5";
  options.polymux = parrot.path();
  EXPECT_TRUE(SaysToTheGenerator(options, "load 1.2.3.4:5 --json"));
  EXPECT_FALSE(SaysToTheGenerator(options, "--rate"));
  EXPECT_FALSE(SaysToTheGenerator(options, "--seed"));
  EXPECT_FALSE(SaysToTheGenerator(options, "--observe"));
  options.observed = {12};
  EXPECT_FALSE(SaysToTheGenerator(options, "--observe-cgroup"));
  options.cgroup = "/some/group";
  EXPECT_TRUE(
      SaysToTheGenerator(options, "--observe 12 --observe-cgroup /some/group"));
  options.scenario.rate = 1234.5;
  options.seed = 77;
  EXPECT_TRUE(SaysToTheGenerator(options, "--rate 1234.5 --arrivals poisson"));
  EXPECT_TRUE(SaysToTheGenerator(options, "--seed 77"));
  options.scenario.arrivals = Arrivals::kConstant;
  EXPECT_TRUE(SaysToTheGenerator(options, "--arrivals constant"));
  options.scenario = Scenario();
  options.scenario.messages_per_connection = 9;
  options.scenario.slow_readers = 3;
  EXPECT_TRUE(SaysToTheGenerator(
      options, "--messages-per-connection 9 --slow-readers 3"));
  EXPECT_FALSE(SaysToTheGenerator(options, "--burst"));
  options.scenario.burst = true;
  EXPECT_TRUE(SaysToTheGenerator(options, "--burst"));
  EXPECT_FALSE(SaysToTheGenerator(options, "--fan-out"));
  options.scenario = Scenario{.name = "x", .fan_out = true};
  EXPECT_TRUE(SaysToTheGenerator(options, "--fan-out"));
}

TEST(LoadProcessTest, NobodyNeedBeObserved) {
  json document = Document();
  document["observed"] = nullptr;
  const LoadOutcome outcome = ParseLoadOutcome(document.dump());
  EXPECT_EQ(outcome.server_cpu_ns, std::nullopt);
  EXPECT_EQ(outcome.rss_bytes, std::nullopt);
}

TEST(LoadProcessTest, ErrorsAreToldByKindWithTheFirst) {
  json document = Document();
  document["errors"]["mismatch"] = 2;
  document["errors"]["closed"] = 1;
  document["first_error"] = "byte 7 differs";
  EXPECT_EQ(ParseLoadOutcome(document.dump()).error,
            "byte 7 differs (1 closed, 2 mismatch)");
}

TEST(LoadProcessTest, NoMessageAtAllIsAnError) {
  json document = Document();
  document["messages"] = 0;
  EXPECT_EQ(ParseLoadOutcome(document.dump()).error, "no message came back");
}

TEST(LoadProcessTest, UnreadableIsAnError) {
  EXPECT_THROW(ParseLoadOutcome("{"), std::runtime_error);
  EXPECT_THROW(ParseLoadOutcome("{}"), std::runtime_error);
}

}  // namespace
}  // namespace polymux::bench
