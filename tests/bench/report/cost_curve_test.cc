#include "bench/report/cost_curve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/report/report_samples.h"

namespace polymux::bench {
namespace {

using testing::HasSubstr;
using testing::Not;

std::size_t CountOf(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size())) {
    ++count;
  }
  return count;
}

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

TEST_F(CostCurveTest, OtherReactorsAreAnotherFamily) {
  int turn = 0;
  for (Scenario& scenario : results_.plan.scenarios) {
    scenario.reactors = 1 + turn++ % 2;
  }
  const std::string curves = CostCurves(results_, analysis_);
  EXPECT_THAT(curves, HasSubstr("depth 1, reactors 1<"));
  EXPECT_THAT(curves, HasSubstr("depth 1, reactors 2<"));
  EXPECT_THAT(curves, Not(HasSubstr("depth 1<")));
}

class ShareCurveTest : public CostCurveTest {
 protected:
  Scenario& many_active() {
    return *std::ranges::find(results_.plan.scenarios, "active-100",
                              &Scenario::name);
  }
};

TEST_F(ShareCurveTest, DrawsALineForEachArmAndNoModel) {
  const std::string curves = ShareCurves(results_, analysis_);
  EXPECT_THAT(curves, HasSubstr(">1000 connections, 100-byte messages, depth "
                                "1</figcaption>"));
  EXPECT_THAT(curves, HasSubstr(">active connections</text>"));
  EXPECT_EQ(CountOf(curves, "class=\"line\""), results_.plan.arms.size());
  EXPECT_EQ(CountOf(curves, "class=\"mark\""), 2 * results_.plan.arms.size());
  EXPECT_EQ(CountOf(curves, "class=\"whisker\""),
            2 * results_.plan.arms.size());
  EXPECT_THAT(curves, HasSubstr("<title>poll, idle-900: "));
  EXPECT_THAT(curves, HasSubstr("<title>poll, active-100: "));
  EXPECT_THAT(curves, Not(HasSubstr("model")));
  EXPECT_THAT(curves, Not(HasSubstr("extrapolated")));
}

TEST_F(ShareCurveTest, IsNoCurveAgainstConnections) {
  EXPECT_THAT(CostCurves(results_, analysis_), Not(HasSubstr("active-100")));
}

TEST_F(ShareCurveTest, OnlyTheActiveConnectionsDiffer) {
  const Scenario original = many_active();
  const std::vector<std::function<void(Scenario&)>> changes{
      [](Scenario& scenario) { scenario.idle += 1; },
      [](Scenario& scenario) { scenario.message_size = 4096; },
      [](Scenario& scenario) { scenario.depth = 8; },
      [](Scenario& scenario) { scenario.reactors = 2; },
      [](Scenario& scenario) { scenario.rate = 20'000; },
      [](Scenario& scenario) { scenario.burst = true; },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    many_active() = original;
    changes[i](many_active());
    EXPECT_EQ(ShareCurves(results_, analysis_), "") << "change " << i;
  }
}

TEST_F(ShareCurveTest, NeedsTwoNumbersOfActiveConnections) {
  many_active().active = 10;
  many_active().idle = 990;
  EXPECT_EQ(ShareCurves(results_, analysis_), "");
}

}  // namespace
}  // namespace polymux::bench
