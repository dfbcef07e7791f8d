#include "bench/lab/metrics.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/bench/lab_samples.h"

namespace polymux::bench {
namespace {

constexpr Slot kBase{.scenario = 0, .arm = 0, .round = 0, .position = 0};

class MetricsTest : public testing::Test {
 protected:
  std::optional<double> Value(std::string_view metric) const {
    return FindMetric(metric).value(trial_, plan_.scenarios[0]);
  }

  const Plan plan_ = SamplePlan();
  Trial trial_ = SampleTrial(plan_, kBase, 12.5);
};

TEST_F(MetricsTest, NamesAreUnique) {
  std::set<std::string_view> names;
  for (const Metric& metric : Metrics()) names.insert(metric.name);
  EXPECT_EQ(names.size(), Metrics().size());
}

TEST_F(MetricsTest, RelatesToTheMessagesOfTheLoad) {
  EXPECT_DOUBLE_EQ(*Value(kPrimaryMetric), 12.5);
  EXPECT_DOUBLE_EQ(*Value("messages_per_second"), 1000);
  EXPECT_DOUBLE_EQ(*Value(kServerCpuShare), 0.0125);
  EXPECT_DOUBLE_EQ(*Value("load_cpu_share"), 0.5);
  EXPECT_DOUBLE_EQ(*Value("latency_p99_us"), 12.345);
  EXPECT_EQ(Value("latency_p999_us"), std::nullopt);
}

// 50,000 bytes are 500 messages, though the load counted 1000.
TEST_F(MetricsTest, CountersRelateToTheMessagesOfTheServer) {
  EXPECT_DOUBLE_EQ(*Value("waits_per_message"), 0.1);
  EXPECT_DOUBLE_EQ(*Value("changes_per_message"), 0.02);
  EXPECT_DOUBLE_EQ(*Value("reads_per_message"), 1.2);
  EXPECT_DOUBLE_EQ(*Value("eagain_reads_per_message"), 0.2);
  EXPECT_DOUBLE_EQ(*Value("writes_per_message"), 1);
  EXPECT_DOUBLE_EQ(*Value("system_calls_per_message"), 2.3);
}

TEST_F(MetricsTest, MessagesAreCountedByTheServer) {
  EXPECT_EQ(CountedMessages(trial_, plan_.scenarios[0]), 500);
  trial_.counters.reset();
  EXPECT_EQ(CountedMessages(trial_, plan_.scenarios[0]), std::nullopt);
}

// What the server reads of those who send without end is no message that the
// load counts.
TEST_F(MetricsTest, AmongSlowReadersNothingIsPerMessage) {
  Scenario scenario = plan_.scenarios[0];
  scenario.slow_readers = 10;
  for (const char* name :
       {"reads_per_message", "waits_per_message", "system_calls_per_message"}) {
    EXPECT_EQ(FindMetric(name).value(trial_, scenario), std::nullopt) << name;
  }
  EXPECT_TRUE(FindMetric(kPrimaryMetric).value(trial_, scenario));
}

// What is read once is written to all, and counts for each of them.
TEST_F(MetricsTest, CountersOfAFanOutRelateToWhatIsWritten) {
  Scenario scenario = plan_.scenarios[0];
  scenario.fan_out = true;
  trial_.counters->counters["bytes_written"] = 100'000;
  const Metric& writes = FindMetric("writes_per_message");
  EXPECT_DOUBLE_EQ(*writes.value(trial_, plan_.scenarios[0]), 1);
  EXPECT_DOUBLE_EQ(*writes.value(trial_, scenario), 0.5);
}

TEST_F(MetricsTest, WhatACallBroughtAndWhatTheKernelSaw) {
  trial_.counters->counters["events"] = 150;
  EXPECT_DOUBLE_EQ(*Value("events_per_wait"), 3);
  EXPECT_DOUBLE_EQ(*Value("bytes_per_read"), 50'000 / 600.0);
  EXPECT_EQ(Value("user_us_per_message"), std::nullopt);
  trial_.load.server_user_ns = 4'000'000;
  trial_.load.server_system_ns = 8'000'000;
  trial_.load.voluntary_switches = 30;
  trial_.load.involuntary_switches = 5;
  EXPECT_DOUBLE_EQ(*Value("user_us_per_message"), 4);
  EXPECT_DOUBLE_EQ(*Value("system_us_per_message"), 8);
  EXPECT_DOUBLE_EQ(*Value("voluntary_switches_per_1000"), 30);
  EXPECT_DOUBLE_EQ(*Value("involuntary_switches_per_1000"), 5);
}

TEST_F(MetricsTest, AnOpenLoopTellsServiceAndLag) {
  EXPECT_EQ(Value("service_p50_us"), std::nullopt);
  trial_.load.service_ns.emplace();
  trial_.load.service_ns->p50 = 2000;
  trial_.load.service_ns->p99 = 3000;
  trial_.load.send_lag_ns.emplace().p99 = 500;
  EXPECT_DOUBLE_EQ(*Value("service_p50_us"), 2);
  EXPECT_DOUBLE_EQ(*Value("service_p99_us"), 3);
  EXPECT_DOUBLE_EQ(*Value("send_lag_p99_us"), 0.5);
}

TEST_F(MetricsTest, WhatIsNotKnownIsNotAvailable) {
  trial_.counters.reset();
  EXPECT_EQ(Value("waits_per_message"), std::nullopt);
  EXPECT_EQ(Value("system_calls_per_message"), std::nullopt);
  trial_.load.server_cpu_ns.reset();
  EXPECT_EQ(Value(kPrimaryMetric), std::nullopt);
  trial_.load.messages = 0;
  trial_.load.server_cpu_ns = 5;
  EXPECT_EQ(Value(kPrimaryMetric), std::nullopt);
}

}  // namespace
}  // namespace polymux::bench
