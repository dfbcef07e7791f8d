#include "bench/lab/cost_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <span>
#include <vector>

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
  EXPECT_EQ(FindCostTerms(Costs(0)), CostTerms::kAll);
  const CostCoefficients fit = *FitCost(Costs(0), CostTerms::kAll);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(fit[i] / kTruth[i], 1, 1e-6);
  }
}

TEST(CostModelTest, ResampledFitsLieAroundTheTruth) {
  const auto costs = Costs(0.03);
  const auto fits = ResampleFits(costs, CostTerms::kAll, 200);
  ASSERT_EQ(fits.size(), 200u);
  for (std::size_t i = 0; i < 3; ++i) {
    std::vector<double> values;
    for (const auto& fit : fits) values.push_back(fit[i]);
    std::ranges::sort(values);
    EXPECT_LT(values[2], kTruth[i]);
    EXPECT_GT(values[197], kTruth[i]);
  }
  EXPECT_EQ(ResampleFits(costs, CostTerms::kAll, 200), fits);
}

void ExpectFit(std::span<const WaitCost> costs, CostTerms terms,
               const CostCoefficients& expected) {
  const CostCoefficients fit = *FitCost(costs, terms);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(fit[i], expected[i], 1e-8 * expected[i]) << i;
  }
}

// Printed by golden/cost_fit.py, in fractions.
TEST(CostModelTest, AgreesWithAnotherImplementation) {
  const std::vector<WaitCost> separate{
      {0, 10, 2, 8000},     {0, 100, 20, 63'000},   {0, 910, 4, 24'500},
      {0, 8100, 50, 247e3}, {0, 1000, 80, 255'000}, {0, 10, 3, 9500}};
  ExpectFit(separate, CostTerms::kAll, {1369.95969, 12.2887285, 2960.29111});
  // The cost falls with the connections, which a wait cannot.
  const std::vector<WaitCost> falling{
      {0, 10, 5, 28'000},     {0, 110, 7, 38'500},  {0, 1010, 9, 48'000},
      {0, 10'010, 6, 30'500}, {0, 1010, 5, 27'500}, {0, 110, 9, 49'000}};
  ExpectFit(falling, CostTerms::kAll, {1055.84557, 0, 5236.07057});
}

TEST(CostModelTest, NothingTakesLessThanNoTime) {
  for (const auto& fit : ResampleFits(Costs(0.3), CostTerms::kAll, 200)) {
    EXPECT_GE(*std::ranges::min_element(fit), 0);
  }
}

// With one active connection each wait brings one: 5,445,925 ns were fitted to
// waits of 24 us.
TEST(CostModelTest, ReadyOnesThatHardlyVaryAreInTheWait) {
  auto costs = Costs(0);
  std::mt19937_64 random(1);
  std::normal_distribution normal;
  for (WaitCost& cost : costs) {
    cost.ready = 1 + 0.001 * normal(random);
    cost.cost_ns =
        (20'000 + 150 * cost.watched) * std::exp(0.03 * normal(random));
  }
  ASSERT_EQ(FindCostTerms(costs), CostTerms::kWithoutReady);
  const CostCoefficients fit = *FitCost(costs, CostTerms::kWithoutReady);
  EXPECT_NEAR(fit[0], 20'000, 600);
  EXPECT_NEAR(fit[1], 150, 3);
  EXPECT_EQ(fit[2], 0);
  EXPECT_NEAR(CostOfWait(fit, 100, 1), 35'000, 1000);
}

TEST(CostModelTest, WithoutThreeNumbersOfConnectionsThereIsNone) {
  auto costs = Costs(0);
  std::erase_if(costs, [](const WaitCost& cost) {
    return cost.watched != 10 && cost.watched != 910;
  });
  EXPECT_EQ(FindCostTerms(costs), CostTerms::kNone);
  EXPECT_EQ(FindCostTerms({}), CostTerms::kNone);
  EXPECT_FALSE(FitCost({}, CostTerms::kAll));
  EXPECT_TRUE(ResampleFits({}, CostTerms::kAll, 10).empty());
}

TEST(CostModelTest, WhatCannotBeToldApartHasNoModel) {
  auto costs = Costs(0);
  for (WaitCost& cost : costs) cost.ready = cost.watched / 10;
  EXPECT_EQ(FindCostTerms(costs), CostTerms::kNone);
  EXPECT_FALSE(FitCost(costs, CostTerms::kAll));
  // Nearly the same is no better.
  std::mt19937_64 random(1);
  std::normal_distribution normal;
  for (WaitCost& cost : costs) cost.ready *= 1 + 0.01 * normal(random);
  EXPECT_EQ(FindCostTerms(costs), CostTerms::kNone);
}

}  // namespace
}  // namespace polymux::bench
