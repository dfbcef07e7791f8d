#include "bench/lab/load_process.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

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
