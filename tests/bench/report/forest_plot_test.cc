#include "bench/report/forest_plot.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/bench/report/report_samples.h"

namespace polymux::bench {
namespace {

// The bar of "epoll-et" in the first panel, with this effect.
std::string BarOf(const Effect& effect) {
  const Results results = RichResults(1);
  Analysis analysis = RichAnalysis(results);
  analysis.cells[2].effect = effect;
  const std::string plots = ForestPlots(results, analysis);
  const std::string arm = ">epoll-et</text><path class=\"interval\" d=\"";
  const std::size_t begin = plots.find(arm) + arm.size();
  return plots.substr(begin, plots.find('"', begin) - begin);
}

int CapsOf(const Effect& effect) {
  const std::string bar = BarOf(effect);
  int caps = 0;
  for (std::size_t at = bar.find("v8"); at != std::string::npos;
       at = bar.find("v8", at + 1)) {
    ++caps;
  }
  return caps;
}

TEST(ForestPlotTest, AnEndBeyondTheEdgeHasNoCap) {
  EXPECT_EQ(CapsOf({1.5, 1.4, 1.6, 20}), 2);
  EXPECT_EQ(CapsOf({1.9, 1.4, 2.9, 20}), 1);
  EXPECT_EQ(CapsOf({1.4, 0.2, 1.6, 20}), 1);
}

TEST(ForestPlotTest, BeyondTheEdgeThereIsNothingButAnArrow) {
  EXPECT_EQ(BarOf({5, 4.9, 5.1, 20}), "");
  EXPECT_EQ(BarOf({0.2, 0.19, 0.21, 20}), "");
}

}  // namespace
}  // namespace polymux::bench
