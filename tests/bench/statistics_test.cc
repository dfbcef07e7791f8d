#include "bench/lab/statistics.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>

namespace polymux::bench {
namespace {

TEST(StatisticsTest, TheMedianIsInTheMiddle) {
  EXPECT_EQ(SampleMedian({3, 1, 2}), 2);
  EXPECT_EQ(SampleMedian({4, 1, 2, 3}), 2.5);
  EXPECT_EQ(SampleMedian({7}), 7);
}

struct Golden {
  int n;
  double confidence;
  int rank;  // 0: none
  double coverage;
};

// Printed by golden/order_statistics.py, with the binomial distribution of
// scipy 1.10.
constexpr Golden kGolden[] = {
    {6, 0.95, 1, 0.968750000000},      {6, 0.99, 0, 0.000000000000},
    {6, 0.9999, 0, 0.000000000000},    {12, 0.95, 3, 0.961425781250},
    {12, 0.99, 2, 0.993652343750},     {12, 0.9999, 0, 0.000000000000},
    {24, 0.95, 7, 0.977344155312},     {24, 0.99, 6, 0.993389248848},
    {24, 0.9999, 3, 0.999964118004},   {36, 0.95, 12, 0.971183280344},
    {36, 0.99, 10, 0.996066826978},    {36, 0.9999, 7, 0.999930398306},
    {101, 0.95, 41, 0.953955933071},   {101, 0.99, 38, 0.990664951879},
    {101, 0.9999, 31, 0.999944669294}, {1000, 0.95, 469, 0.953708802640},
    {1000, 0.99, 459, 0.991360050998}, {1000, 0.9999, 439, 0.999901479252},
};

TEST(StatisticsTest, RanksAndCoverageAreThoseOfScipy) {
  for (const Golden& golden : kGolden) {
    const auto rank = OrderStatisticRank(golden.n, golden.confidence);
    EXPECT_EQ(rank.value_or(0), golden.rank)
        << golden.n << ", " << golden.confidence;
    if (!rank) continue;
    EXPECT_NEAR(OrderStatisticCoverage(golden.n, *rank), golden.coverage,
                1e-12);
  }
}

TEST(StatisticsTest, TooFewValuesHaveNoInterval) {
  EXPECT_FALSE(MedianInterval({}, 0.95));
  EXPECT_FALSE(MedianInterval({1, 2, 3, 4, 5}, 0.95));
  const auto interval = MedianInterval({6, 5, 4, 3, 2, 1}, 0.95);
  ASSERT_TRUE(interval);
  EXPECT_EQ(interval->low, 1);
  EXPECT_EQ(interval->high, 6);
  EXPECT_EQ(ValuesNeeded(0.95), 6);
  EXPECT_EQ(ValuesNeeded(0.99), 8);
  EXPECT_EQ(ValuesNeeded(0.5), 2);
}

TEST(StatisticsTest, MoreComparisonsNeedMoreConfidenceEach) {
  EXPECT_EQ(SimultaneousConfidence(0.95, 1), 0.95);
  EXPECT_DOUBLE_EQ(SimultaneousConfidence(0.95, 5), 0.99);
}

RC_GTEST_PROP(StatisticsTest, ANarrowerIntervalWouldNotCover, ()) {
  const int n = *rc::gen::inRange(2, 200);
  const double confidence = *rc::gen::inRange(500, 9999) / 10'000.0;
  const auto rank = OrderStatisticRank(n, confidence);
  RC_ASSERT(rank.has_value() == (n >= ValuesNeeded(confidence)));
  if (!rank) return;
  RC_ASSERT(OrderStatisticCoverage(n, *rank) >= confidence);
  if (*rank < n / 2) {
    RC_ASSERT(OrderStatisticCoverage(n, *rank + 1) < confidence);
  }
}

// Of logarithms of ratios: another unit of the arm shifts them all, arm and
// baseline changed over turn their sign.
RC_GTEST_PROP(StatisticsTest, ShiftsAndReflectsWithTheValues, ()) {
  auto values =
      *rc::gen::container<std::vector<int>>(24, rc::gen::inRange(-1000, 1000));
  const int shift = *rc::gen::inRange(-1000, 1000);
  const std::vector<double> original(values.begin(), values.end());
  std::vector<double> shifted = original;
  std::vector<double> reflected = original;
  for (double& value : shifted) value += shift;
  for (double& value : reflected) value = -value;
  const Interval interval = *MedianInterval(original, 0.95);
  RC_ASSERT(interval.low <= SampleMedian(original));
  RC_ASSERT(SampleMedian(original) <= interval.high);
  RC_ASSERT(MedianInterval(shifted, 0.95)->low == interval.low + shift);
  RC_ASSERT(MedianInterval(shifted, 0.95)->high == interval.high + shift);
  RC_ASSERT(MedianInterval(reflected, 0.95)->low == -interval.high);
  RC_ASSERT(MedianInterval(reflected, 0.95)->high == -interval.low);
}

// Draws the next value of a series whose median is 0.
using Noise = std::function<double(std::mt19937_64&)>;

Noise Normal() {
  return [](auto& random) { return std::normal_distribution()(random); };
}

Noise HeavyTails() {
  return [](auto& random) { return std::cauchy_distribution()(random); };
}

// A neighbour disturbs one round in five, always in the same direction.
Noise Disturbed() {
  return [](auto& random) {
    const double value = std::normal_distribution()(random);
    if (!std::bernoulli_distribution(0.2)(random)) return value;
    return value + (value > 0 ? 10 : 0);
  };
}

Noise Skewed() {
  return [](auto& random) {
    return std::exponential_distribution()(random) - std::log(2);
  };
}

// The machine's pace wanders over the rounds, with this correlation from one to
// the next; arm and baseline are measured one after the other in it.
Noise Paired(double correlation) {
  return [correlation, pace = 0.0](auto& random) mutable {
    std::normal_distribution normal;
    const auto step = [&] {
      pace = correlation * pace +
             std::sqrt(1 - correlation * correlation) * normal(random);
      return pace + 0.3 * normal(random);
    };
    const double arm = step();
    const double baseline = step();
    return arm - baseline;
  };
}

// In what share of `runs` of `rounds` rounds the interval holds the true
// median.
double Coverage(Noise noise, int rounds, int runs) {
  std::mt19937_64 random(1);
  int covered = 0;
  for (int run = 0; run < runs; ++run) {
    std::vector<double> values(static_cast<std::size_t>(rounds));
    std::ranges::generate(values, [&] { return noise(random); });
    const Interval interval = *MedianInterval(values, 0.95);
    if (interval.low <= 0 && interval.high >= 0) ++covered;
  }
  return static_cast<double>(covered) / runs;
}

TEST(StatisticsTest, NominalNinetyFivePercentCover94To99) {
  const std::pair<const char*, Noise> kinds[] = {
      {"normal", Normal()},
      {"heavy tails", HeavyTails()},
      {"disturbed", Disturbed()},
      {"skewed", Skewed()},
      {"paired in a wandering pace", Paired(0.5)},
      {"paired in a slowly wandering pace", Paired(0.95)}};
  for (const auto& [name, noise] : kinds) {
    for (const int rounds : {12, 24, 36}) {
      const double coverage = Coverage(noise, rounds, 5000);
      EXPECT_GE(coverage, 0.94) << name << ", " << rounds << " rounds";
      EXPECT_LE(coverage, 0.99) << name << ", " << rounds << " rounds";
    }
  }
}

}  // namespace
}  // namespace polymux::bench
