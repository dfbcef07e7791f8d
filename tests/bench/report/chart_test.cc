#include "bench/report/chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace polymux::bench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> Labels(const Scale& scale, int count) {
  std::vector<std::string> labels;
  for (const Tick& tick : scale.Ticks(count)) labels.push_back(tick.label);
  return labels;
}

constexpr auto kLinear = Scale::Kind::kLinear;
constexpr auto kLogarithmic = Scale::Kind::kLogarithmic;

TEST(ScaleTest, TicksAreRound) {
  EXPECT_THAT(Labels({kLinear, 0, 10}, 5),
              ElementsAre("0", "2", "4", "6", "8", "10"));
  EXPECT_THAT(Labels({kLinear, 0.11, 0.19}, 4),
              ElementsAre("0.12", "0.14", "0.16", "0.18"));
  EXPECT_THAT(Labels({kLogarithmic, 3, 300}, 5),
              ElementsAre("5", "10", "20", "50", "100", "200"));
  EXPECT_THAT(Labels({kLogarithmic, 0.5, 2e6}, 4),
              ElementsAre("1", "100", "10k", "1M"));
}

TEST(ScaleTest, ANarrowLogarithmicOneHasTicksToo) {
  EXPECT_THAT(Labels({kLogarithmic, 4.55, 5.25}, 5),
              ElementsAre("4.6", "4.8", "5", "5.2"));
}

TEST(ScaleTest, ALogarithmicOneKeepsRatios) {
  const Scale scale(kLogarithmic, 1, 100);
  EXPECT_DOUBLE_EQ(scale.Share(1), 0);
  EXPECT_DOUBLE_EQ(scale.Share(10), 0.5);
  EXPECT_DOUBLE_EQ(scale.Share(100), 1);
}

TEST(ScaleTest, HoldsAllValues) {
  for (const auto kind : {kLinear, kLogarithmic}) {
    for (const auto& values : std::vector<std::vector<double>>{
             {3}, {1, 2, 1000}, {5, 5, 5}, {1e-3, 1e9}}) {
      const Scale scale(kind, values);
      for (const double value : values) {
        EXPECT_GE(scale.Share(value), 0);
        EXPECT_LE(scale.Share(value), 1);
      }
    }
  }
}

TEST(ScaleTest, WhatIsNotPositiveHasNoLogarithm) {
  const std::vector<double> values{0, -5, 20, 40};
  const Scale scale(kLogarithmic, values);
  EXPECT_GT(scale.min(), 10);
  const Scale empty(kLogarithmic, std::vector<double>{});
  EXPECT_LT(empty.min(), empty.max());
}

TEST(ChartTest, EachHueHasAShapeOfItsOwn) {
  std::set<std::string> shapes;
  for (std::size_t arm = 0; arm < 8; ++arm) {
    shapes.insert(MarkerPath(arm, 5, 5, 2));
  }
  EXPECT_EQ(shapes.size(), 8u);
}

TEST(ChartTest, TwentyFourArmsLookDifferent) {
  std::set<std::string> looks;
  for (std::size_t arm = 0; arm < 24; ++arm) {
    const std::string rule = ArmStyle(arm);
    looks.insert(MarkerPath(arm, 5, 5, 2) + rule.substr(rule.find('{')));
  }
  EXPECT_EQ(looks.size(), 24u);
}

TEST(ChartTest, HidingAnArmLeavesTheOthers) {
  std::set<std::string> classes;
  for (std::size_t arm = 0; arm < 60; ++arm) classes.insert(ArmClass(arm));
  EXPECT_EQ(classes.size(), 60u);
}

TEST(ChartTest, TextIsEscaped) {
  Chart chart({.label = "a\"b",
               .x_title = "<x>",
               .y_title = "<y>",
               .x = Scale(kLinear, 0, 1),
               .y = Scale(kLinear, 0, 1)});
  chart.Marker(0, {0.5, 0.5}, "<script>");
  const std::string svg = chart.Render();
  EXPECT_THAT(svg, HasSubstr("a&quot;b"));
  EXPECT_THAT(svg, HasSubstr("&lt;script&gt;"));
  EXPECT_THAT(svg, Not(HasSubstr("<x>")));
  EXPECT_THAT(svg, Not(HasSubstr("<y>")));
}

TEST(ChartTest, ALineNeedsTwoPoints) {
  Chart chart({.label = "",
               .x_title = "",
               .y_title = "",
               .x = Scale(kLinear, 0, 1),
               .y = Scale(kLinear, 0, 1)});
  chart.Line(0, std::vector<Point>{{0, 0}}, "line");
  EXPECT_THAT(chart.Render(), Not(HasSubstr("class=\"line\"")));
  chart.Line(0, std::vector<Point>{{0, 0}, {1, 1}}, "line");
  // From the lower left corner to the upper right one.
  EXPECT_THAT(chart.Render(), HasSubstr("d=\"M50.0 220.0L390.0 22.0\""));
}

}  // namespace
}  // namespace polymux::bench
