#include "bench/report/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/bench/lab_samples.h"

namespace polymux::bench {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Results OneTrial() {
  Results results{.environment = {}, .plan = SamplePlan()};
  results.trials = {SampleTrial(results.plan, {0, 0, 2, 1}, 10)};
  results.trials[0].load.cpu_source = "clocks";
  return results;
}

TEST(CsvTest, ALineForEachTrialAndMetric) {
  const std::string csv = RenderCsv(OneTrial());
  EXPECT_THAT(
      csv,
      StartsWith("scenario,arm,round,position,attempt,valid,flags,metric,value,"
                 "cpu_source\n"
                 "small,base,2,1,0,true,"));
  EXPECT_THAT(csv, HasSubstr(",server_cpu_us_per_message,10,clocks\n"));
  EXPECT_THAT(csv, HasSubstr(",latency_p99_us,12.345,clocks\n"));
  // Not available, hence absent.
  EXPECT_THAT(csv, Not(HasSubstr("latency_p999_us")));
}

TEST(CsvTest, QuotesWhatMustBeQuoted) {
  Results results = OneTrial();
  results.plan.scenarios[0].name = "a,\"b\"\nc";
  // A newline is none of them: rows stay lines.
  EXPECT_THAT(RenderCsv(results), HasSubstr("\n\"a,\"\"b\"\"\\nc\",base,2,"));
}

}  // namespace
}  // namespace polymux::bench
