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
