#include "bench/load/pattern.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstddef>
#include <set>
#include <span>
#include <vector>

namespace polymux::bench {
namespace {

// The bytes of a connection's stream from byte `from` on.
std::vector<std::byte> StreamBytes(const Pattern& pattern,
                                   std::size_t connection, std::size_t from,
                                   std::size_t count) {
  const std::size_t position =
      (pattern.Start(connection) + from) % pattern.period();
  const auto bytes = pattern.At(position, count);
  return {bytes.begin(), bytes.end()};
}

TEST(Pattern, ByteDependsOnSeedConnectionAndPositionAlone) {
  const Pattern pattern(7, 64);
  EXPECT_EQ(StreamBytes(pattern, 3, 100, 64),
            StreamBytes(Pattern(7, 4096), 3, 100, 64));
  EXPECT_NE(StreamBytes(pattern, 3, 100, 64),
            StreamBytes(Pattern(8, 64), 3, 100, 64));
  EXPECT_NE(StreamBytes(pattern, 3, 100, 64), StreamBytes(pattern, 4, 100, 64));
  EXPECT_NE(StreamBytes(pattern, 3, 100, 64), StreamBytes(pattern, 3, 101, 64));
}

TEST(Pattern, StartsDifferBelowThePeriod) {
  const Pattern pattern(1, 64);
  std::set<std::size_t> starts;
  for (std::size_t i = 0; i < pattern.period(); ++i) {
    starts.insert(pattern.Start(i));
  }
  EXPECT_EQ(starts.size(), pattern.period());
}

TEST(Pattern, PeriodDoesNotDivideTheMessageSize) {
  for (const std::size_t size : {1U, 64U, 65536U, 65537U, 65539U, 131074U}) {
    EXPECT_NE(size % Pattern(1, size).period(), 0U) << size;
  }
}

TEST(Pattern, WindowContinuesOverTheEndOfThePeriod) {
  const Pattern pattern(1, 64);
  const std::size_t last = pattern.period() - 1;
  EXPECT_EQ(pattern.At(last, 2)[1], pattern.At(0, 1)[0]);
  EXPECT_EQ(pattern.Advance(last, 1), 0U);
  EXPECT_EQ(pattern.Advance(last, Pattern::kWindow), Pattern::kWindow - 1);
  EXPECT_EQ(pattern.At(last, Pattern::kWindow).back(),
            pattern.At(Pattern::kWindow - 2, 1)[0]);
}

RC_GTEST_PROP(Pattern, AnyWrongByteShows, ()) {
  const Pattern pattern(1, 64);
  const auto position = *rc::gen::inRange<std::size_t>(0, pattern.period());
  const auto count = *rc::gen::inRange<std::size_t>(1, Pattern::kWindow + 1);
  const auto original = pattern.At(position, count);
  std::vector<std::byte> bytes(original.begin(), original.end());
  RC_ASSERT(pattern.Matches(position, bytes));
  bytes[*rc::gen::inRange<std::size_t>(0, count)] ^=
      static_cast<std::byte>(*rc::gen::inRange(1, 256));
  RC_ASSERT(!pattern.Matches(position, bytes));
}

RC_GTEST_PROP(Pattern, AnyShiftShowsWithinAFewBytes, ()) {
  const Pattern pattern(1, 64);
  const auto position = *rc::gen::inRange<std::size_t>(0, pattern.period());
  const auto shift = *rc::gen::inRange<std::size_t>(1, pattern.period());
  const auto shifted = pattern.At((position + shift) % pattern.period(), 16);
  RC_ASSERT(!pattern.Matches(position, shifted));
}

}  // namespace
}  // namespace polymux::bench
