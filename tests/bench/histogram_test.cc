#include "bench/load/histogram.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace polymux::bench {
namespace {

// Values of every magnitude, not only those near zero or 2^64.
rc::Gen<std::uint64_t> Latency() {
  return rc::gen::apply(
      [](std::uint64_t bits, int shift) { return bits >> shift; },
      rc::gen::arbitrary<std::uint64_t>(), rc::gen::inRange(0, 64));
}

Histogram Recorded(const std::vector<std::uint64_t>& values) {
  Histogram histogram;
  for (const std::uint64_t value : values) histogram.Record(value);
  return histogram;
}

// Whether `upper` may stand for `value`: not below it, and less than 1/128
// above.
bool Represents(std::uint64_t upper, std::uint64_t value) {
  return upper >= value && upper - value <= value / 128;
}

RC_GTEST_PROP(Histogram, QuantileIsThatOfTheSortedValues, ()) {
  auto values = *rc::gen::container<std::vector<std::uint64_t>>(
      *rc::gen::inRange<std::size_t>(1, 500), Latency());
  const double quantile = *rc::gen::inRange(1, 1000) / 1000.0;
  const Histogram histogram = Recorded(values);
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<std::size_t>(
      std::ceil(quantile * static_cast<double>(values.size())));
  const auto estimate = histogram.ValueAtQuantile(quantile);
  const bool enough = values.size() - rank >= Histogram::kMinimumBeyond;
  RC_ASSERT(estimate.has_value() == enough);
  if (enough) RC_ASSERT(Represents(*estimate, values[rank - 1]));
}

RC_GTEST_PROP(Histogram, BucketsHoldEveryValue,
              (const std::vector<std::uint32_t>& small)) {
  auto values = *rc::gen::container<std::vector<std::uint64_t>>(Latency());
  values.insert(values.end(), small.begin(), small.end());
  const Histogram histogram = Recorded(values);
  std::sort(values.begin(), values.end());
  auto value = values.begin();
  for (const Histogram::Bucket& bucket : histogram.Buckets()) {
    RC_ASSERT(bucket.count > 0U);
    for (std::uint64_t i = 0; i < bucket.count; ++i) {
      RC_ASSERT(value != values.end());
      RC_ASSERT(Represents(bucket.upper, *value++));
    }
  }
  RC_ASSERT(value == values.end());
}

RC_GTEST_PROP(Histogram, MergeIsTheHistogramOfBoth, ()) {
  const auto some = *rc::gen::container<std::vector<std::uint64_t>>(Latency());
  const auto more = *rc::gen::container<std::vector<std::uint64_t>>(Latency());
  Histogram merged = Recorded(some);
  merged.Merge(Recorded(more));
  std::vector<std::uint64_t> all = some;
  all.insert(all.end(), more.begin(), more.end());
  const Histogram expected = Recorded(all);
  RC_ASSERT(merged.count() == expected.count());
  RC_ASSERT(merged.max() == expected.max());
  RC_ASSERT(merged.Buckets().size() == expected.Buckets().size());
  for (std::size_t i = 0; i < merged.Buckets().size(); ++i) {
    RC_ASSERT(merged.Buckets()[i].upper == expected.Buckets()[i].upper);
    RC_ASSERT(merged.Buckets()[i].count == expected.Buckets()[i].count);
  }
}

TEST(Histogram, EmptyHasNoValues) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_FALSE(histogram.max());
  EXPECT_FALSE(histogram.ValueAtQuantile(0.5));
  EXPECT_TRUE(histogram.Buckets().empty());
}

TEST(Histogram, ExtremesHaveBuckets) {
  constexpr auto kLargest = std::numeric_limits<std::uint64_t>::max();
  const Histogram histogram = Recorded({0, kLargest});
  ASSERT_EQ(histogram.Buckets().size(), 2U);
  EXPECT_EQ(histogram.Buckets().front().upper, 0U);
  EXPECT_EQ(histogram.Buckets().back().upper, kLargest);
  EXPECT_EQ(histogram.max(), kLargest);
}

TEST(Histogram, SmallValuesAndMaximumAreExact) {
  std::vector<std::uint64_t> values(100, 255);
  values.resize(200, 1'000'001);
  const Histogram histogram = Recorded(values);
  EXPECT_EQ(histogram.ValueAtQuantile(0.5), 255U);
  EXPECT_EQ(histogram.ValueAtQuantile(0.9), 1'000'001U);
  EXPECT_EQ(histogram.max(), 1'000'001U);
}

TEST(Histogram, TailNeedsTenValuesBeyondIt) {
  EXPECT_TRUE(Recorded(std::vector<std::uint64_t>(20, 7)).ValueAtQuantile(0.5));
  EXPECT_FALSE(
      Recorded(std::vector<std::uint64_t>(19, 7)).ValueAtQuantile(0.5));
  EXPECT_TRUE(
      Recorded(std::vector<std::uint64_t>(10000, 7)).ValueAtQuantile(0.999));
  EXPECT_FALSE(
      Recorded(std::vector<std::uint64_t>(9999, 7)).ValueAtQuantile(0.999));
}

}  // namespace
}  // namespace polymux::bench
