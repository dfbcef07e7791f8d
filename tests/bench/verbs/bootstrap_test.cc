#include "bench/verbs/bootstrap.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace polymux::bench {
namespace {

TEST(BootstrapTest, OfOneRunTheMedianAndOfSeveralTheirMean) {
  EXPECT_DOUBLE_EQ(CentreOf({{3, 1, 2}}), 2);
  EXPECT_DOUBLE_EQ(CentreOf({{1, 2, 3, 100}, {5}, {7, 7}}), (2.5 + 5 + 7) / 3);
}

TEST(BootstrapTest, EstimatesTheRatio) {
  const Runs a = {{std::log(2.0), std::log(2.0)}};
  const Runs b = {{std::log(3.0)}, {std::log(3.0)}};
  const Estimate estimate = Bootstrap().Interval(a, b, 0.95);
  EXPECT_DOUBLE_EQ(estimate.value, 1.5);
  EXPECT_DOUBLE_EQ(estimate.low, 1.5);
  EXPECT_DOUBLE_EQ(estimate.high, 1.5);
}

// Simulated sides: how much the runs vary, and how much their 12 rounds.
class Simulation {
 public:
  Simulation(double between, double within)
      : between_(between), within_(within) {}

  // How often the 95 % interval for two sides of the same includes 1.
  double Coverage(int runs) {
    constexpr int kTimes = 200;
    int covered = 0;
    for (int i = 0; i < kTimes; ++i) {
      const Estimate estimate =
          Bootstrap(500).Interval(Draw(runs), Draw(runs), 0.95);
      if (estimate.low <= 1 && estimate.high >= 1) ++covered;
    }
    return static_cast<double>(covered) / kTimes;
  }

 private:
  Runs Draw(int runs) {
    Runs drawn;
    for (int i = 0; i < runs; ++i) {
      const double centre = between_ * normal_(random_);
      std::vector<double>& rounds = drawn.emplace_back(12);
      for (double& value : rounds) value = centre + within_ * normal_(random_);
    }
    return drawn;
  }

  const double between_;
  const double within_;
  std::mt19937_64 random_{1};
  std::normal_distribution<double> normal_;
};

TEST(BootstrapTest, CoversWhatRoundsVary) {
  EXPECT_GE(Simulation(0, 0.01).Coverage(1), 0.93);
  EXPECT_GE(Simulation(0, 0.01).Coverage(3), 0.93);
}

// The figures of docs/verbs.md are of these.
TEST(BootstrapTest, SeveralRunsCoverWhatRunsVary) {
  EXPECT_LE(Simulation(0.02, 0.01).Coverage(1), 0.4);
  EXPECT_GE(Simulation(0.02, 0.01).Coverage(3), 0.84);
  EXPECT_GE(Simulation(0.02, 0.01).Coverage(5), 0.86);
}

}  // namespace
}  // namespace polymux::bench
