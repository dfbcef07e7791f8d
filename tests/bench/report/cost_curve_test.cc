#include "bench/report/cost_curve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/bench/report/report_samples.h"

namespace polymux::bench {
namespace {

using testing::HasSubstr;
using testing::Not;

class CostCurveTest : public testing::Test {
 protected:
  Results results_ = RichResults(4);
  Analysis analysis_ = RichAnalysis(results_);
};

TEST_F(CostCurveTest, DrawsTheModels) {
  const std::string curves = CostCurves(results_, analysis_);
  EXPECT_THAT(curves, HasSubstr("extrapolated"));
  EXPECT_THAT(curves, HasSubstr("wait with 100-byte messages"));
}

TEST_F(CostCurveTest, AModelOfAnotherSizeIsNotDrawn) {
  for (Scenario& scenario : results_.plan.scenarios) {
    scenario.message_size = 4096;
  }
  EXPECT_THAT(CostCurves(results_, analysis_), Not(HasSubstr("extrapolated")));
}

TEST_F(CostCurveTest, NorIsOneOfAnotherDepth) {
  for (Scenario& scenario : results_.plan.scenarios) scenario.depth = 8;
  EXPECT_THAT(CostCurves(results_, analysis_), Not(HasSubstr("extrapolated")));
}

TEST_F(CostCurveTest, SaysWhatHasNoModel) {
  analysis_.models[0].per_ready_ns.reset();
  analysis_.unmodelled = {{.arm = 5, .reason = "it has no counters"}};
  const std::string curves = CostCurves(results_, analysis_);
  EXPECT_THAT(curves, HasSubstr("<td>in a</td>"));
  EXPECT_THAT(curves, HasSubstr("(it has no counters).</p>"));
  EXPECT_THAT(curves, Not(HasSubstr("<script>")));
}

}  // namespace
}  // namespace polymux::bench
