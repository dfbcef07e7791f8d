#include "bench/lab/cost_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace polymux::bench {
namespace {

constexpr CostCoefficients kTruth{900, 12, 3000};

// Rounds of scenarios with 10 to 8000 connections.
std::vector<WaitCost> Costs(double noise) {
  std::mt19937_64 random(1);
  std::normal_distribution normal;
  std::vector<WaitCost> costs;
  for (int round = 0; round < 12; ++round) {
    for (const auto& [watched, ready] : {std::pair{10.0, 2.0},
                                         {100.0, 20.0},
                                         {910.0, 4.0},
                                         {8100.0, 50.0},
                                         {1000.0, 80.0}}) {
      const double cost = kTruth[0] + kTruth[1] * watched + kTruth[2] * ready;
      costs.push_back(
          {round, watched, ready, cost * std::exp(noise * normal(random))});
    }
  }
  return costs;
}

TEST(CostModelTest, FindsTheTruthWithoutNoise) {
  const CostCoefficients fit = *FitCost(Costs(0));
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(fit[i] / kTruth[i], 1, 1e-6);
  }
}

TEST(CostModelTest, ResampledFitsLieAroundTheTruth) {
  const auto costs = Costs(0.03);
  const auto fits = ResampleFits(costs, 200);
  ASSERT_EQ(fits.size(), 200u);
  for (std::size_t i = 0; i < 3; ++i) {
    std::vector<double> values;
    for (const auto& fit : fits) values.push_back(fit[i]);
    std::ranges::sort(values);
    EXPECT_LT(values[2], kTruth[i]);
    EXPECT_GT(values[197], kTruth[i]);
  }
  EXPECT_EQ(ResampleFits(costs, 200), fits);
}

TEST(CostModelTest, WithoutThreeNumbersOfConnectionsThereIsNone) {
  auto costs = Costs(0);
  std::erase_if(costs, [](const WaitCost& cost) {
    return cost.watched != 10 && cost.watched != 910;
  });
  EXPECT_FALSE(FitCost(costs));
  EXPECT_FALSE(FitCost({}));
  EXPECT_TRUE(ResampleFits({}, 10).empty());
}

TEST(CostModelTest, WhatCannotBeToldApartHasNoModel) {
  auto costs = Costs(0);
  for (WaitCost& cost : costs) cost.ready = cost.watched / 10;
  EXPECT_FALSE(FitCost(costs));
}

}  // namespace
}  // namespace polymux::bench
