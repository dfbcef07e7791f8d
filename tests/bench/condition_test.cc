#include "bench/lab/condition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/lab/metrics.h"
#include "bench/lab/usage_error.h"
#include "tests/bench/lab_samples.h"

namespace polymux::bench {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string ErrorOf(std::string_view text) {
  try {
    ParseCondition(text);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "none";
}

TEST(ConditionTest, Parts) {
  const Condition condition = ParseCondition("echo-100/my.server#2.p99 > 2ms");
  EXPECT_EQ(condition.scenario, "echo-100");
  EXPECT_EQ(condition.arm, "my.server#2");
  EXPECT_EQ(condition.metric, "latency_p99_us");
  EXPECT_EQ(condition.comparison, Condition::Operator::kMore);
  EXPECT_DOUBLE_EQ(condition.value, 2000);
}

TEST(ConditionTest, ValuesHaveTheUnitOfTheMetric) {
  EXPECT_DOUBLE_EQ(ParseCondition("a/b.cpu>=1.5us").value, 1.5);
  EXPECT_DOUBLE_EQ(ParseCondition("a/b.p50 < 3s").value, 3e6);
  EXPECT_DOUBLE_EQ(ParseCondition("a/b.ratio > 105%").value, 1.05);
  EXPECT_DOUBLE_EQ(ParseCondition("a/b.ratio > 1.05").value, 1.05);
  EXPECT_DOUBLE_EQ(ParseCondition(" a/b.rss > 64m ").value, 64 << 20);
  EXPECT_DOUBLE_EQ(ParseCondition("a/b.rate<=10000").value, 10000);
  EXPECT_DOUBLE_EQ(ParseCondition("a/b.server_cpu_share < 90%").value, 0.9);
}

TEST(ConditionTest, EveryMetricCanBeAskedFor) {
  for (const Metric& metric : Metrics()) {
    const std::string subject = "a/b." + std::string(metric.name);
    const bool plain = ErrorOf(subject + " > 1") == "none";
    const bool duration = ErrorOf(subject + " > 1us") == "none";
    EXPECT_NE(plain, duration) << metric.name;
  }
}

TEST(ConditionTest, ErrorsNameThePosition) {
  EXPECT_THAT(ErrorOf("a/b.p99"), HasSubstr("position 8: there is no oper"));
  EXPECT_THAT(ErrorOf("b.p99 > 1ms"), HasSubstr("position 1: "));
  EXPECT_THAT(ErrorOf("a/p99 > 1ms"), HasSubstr("position 3: "));
  EXPECT_THAT(ErrorOf("a/b.p98 > 1ms"),
              AllOf(HasSubstr("position 5: "), HasSubstr("p99, "),
                    HasSubstr("messages_per_second")));
  EXPECT_THAT(ErrorOf("a/b.p99 = 1ms"), HasSubstr("position 9: "));
  EXPECT_THAT(ErrorOf("a/b.p99 > 1"), HasSubstr("position 11: "));
  EXPECT_THAT(ErrorOf("a/b.rate > 1ms"), HasSubstr("takes a number"));
  EXPECT_THAT(ErrorOf("a/b.p99 >> 1ms"), HasSubstr("position 10: "));
  EXPECT_THAT(ErrorOf("a/b.p99 > 1e3us"), HasSubstr("takes a duration"));
  EXPECT_NE(ErrorOf(""), "none");
}

TEST(ConditionTest, AValueIsFinite) {
  EXPECT_THAT(ErrorOf("a/b.ratio > nan"),
              HasSubstr("position 13: ratio takes"));
  EXPECT_NE(ErrorOf("a/b.ratio > nan%"), "none");
  EXPECT_NE(ErrorOf("a/b.ratio < inf"), "none");
  EXPECT_NE(ErrorOf("a/b.rate > -infinity"), "none");
  EXPECT_NE(ErrorOf("a/b.p99 > nan(1)us"), "none");
  EXPECT_NE(ErrorOf("a/b.p99 > infms"), "none");
}

TEST(ConditionTest, TheHelpNamesEveryMetric) {
  const std::string help = DescribeConditions();
  EXPECT_THAT(help, AllOf(HasSubstr(" p50,"), HasSubstr(" ratio,")));
  for (const Metric& metric : Metrics()) {
    EXPECT_THAT(help, HasSubstr(metric.name));
  }
}

TEST(ConditionTest, NamesThatThePlanLacks) {
  const Plan plan = SamplePlan();
  EXPECT_NO_THROW(RequireKnown(ParseCondition("small/base.p99 > 1ms"), plan));
  EXPECT_THROW(RequireKnown(ParseCondition("big/base.p99 > 1ms"), plan),
               UsageError);
  EXPECT_THROW(RequireKnown(ParseCondition("small/poll.p99 > 1ms"), plan),
               UsageError);
}

class EvaluateTest : public testing::Test {
 protected:
  Truth Evaluate(std::string_view text) const {
    return bench::Evaluate(ParseCondition(text), results_.plan, analysis_)
        .truth;
  }

  const Results results_ = SampleResults();
  const Analysis analysis_ = Analyze(results_.plan, results_.trials);
};

TEST_F(EvaluateTest, ComparesTheMedian) {
  EXPECT_EQ(Evaluate("small/base.cpu > 10.9us"), Truth::kHolds);
  EXPECT_EQ(Evaluate("small/base.cpu > 11us"), Truth::kDoesNotHold);
  EXPECT_EQ(Evaluate("small/base.cpu >= 11us"), Truth::kHolds);
  EXPECT_EQ(Evaluate("small/base.cpu == 11us"), Truth::kHolds);
  EXPECT_EQ(Evaluate("small/base.cpu != 11us"), Truth::kDoesNotHold);
  EXPECT_EQ(Evaluate("small/base.cpu <= 11us"), Truth::kHolds);
  EXPECT_EQ(Evaluate("small/base.cpu < 11us"), Truth::kDoesNotHold);
  EXPECT_EQ(Evaluate("small/base.ratio == 100%"), Truth::kHolds);
}

TEST_F(EvaluateTest, WhatWasNotMeasuredIsUnknown) {
  EXPECT_EQ(Evaluate("crowd/low.cpu > 1us"), Truth::kUnknown);
  EXPECT_EQ(Evaluate("small/base.p999 > 1us"), Truth::kUnknown);
  const auto outcome = bench::Evaluate(ParseCondition("crowd/low.cpu > 1us"),
                                       results_.plan, analysis_);
  EXPECT_THAT(outcome.text, HasSubstr("n/a, not measured"));
}

TEST_F(EvaluateTest, ExitCodes) {
  const auto judge = [&](std::vector<std::string> texts) {
    std::vector<Condition> conditions;
    for (const auto& text : texts) conditions.push_back(ParseCondition(text));
    return JudgeConditions(conditions, results_.plan, analysis_);
  };
  EXPECT_EQ(judge({}), 0);
  EXPECT_EQ(judge({"small/base.cpu > 1s"}), 0);
  EXPECT_EQ(judge({"small/base.p999 > 1us", "small/base.cpu > 1s"}), 3);
  EXPECT_EQ(judge({"small/base.p999 > 1us", "small/base.cpu > 1us"}), 4);
}

}  // namespace
}  // namespace polymux::bench
