#include "bench/load/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <vector>

namespace polymux::bench {
namespace {

using std::chrono::seconds;

std::int64_t CountBefore(const Schedule& schedule, std::int64_t time) {
  return std::ranges::lower_bound(schedule.times, time) -
         schedule.times.begin();
}

TEST(Schedule, ConstantIsEvenAndTakesTurns) {
  const Schedule schedule = MakeSchedule({.rate = 1000,
                                          .arrivals = Arrivals::kConstant,
                                          .warm_up = seconds(1),
                                          .window = seconds(2),
                                          .connections = 3});
  ASSERT_EQ(schedule.size(), 3000U);
  EXPECT_EQ(schedule.connections.size(), 3000U);
  for (std::size_t i = 0; i < schedule.size(); ++i) {
    EXPECT_NEAR(static_cast<double>(schedule.times[i]),
                static_cast<double>(i) * 1e6, 1.5);
    EXPECT_EQ(schedule.connections[i], i % 3);
  }
}

TEST(Schedule, PhaseShiftsAConstantOne) {
  const Schedule schedule = MakeSchedule({.rate = 10,
                                          .arrivals = Arrivals::kConstant,
                                          .window = seconds(1),
                                          .phase = 0.5});
  EXPECT_EQ(schedule.times.front(), 50'000'000);
  EXPECT_EQ(schedule.size(), 10U);
}

TEST(Schedule, PoissonHasTheRateInWarmUpAndWindow) {
  const Schedule schedule = MakeSchedule({.rate = 5000,
                                          .warm_up = seconds(1),
                                          .window = seconds(3),
                                          .connections = 7,
                                          .seed = 5});
  EXPECT_EQ(schedule.size(), 20'000U);
  EXPECT_EQ(schedule.connections.size(), 20'000U);
  EXPECT_EQ(CountBefore(schedule, 1'000'000'000), 5000);
  EXPECT_TRUE(std::ranges::is_sorted(schedule.times));
  EXPECT_GE(schedule.times.front(), 0);
  EXPECT_LT(schedule.times.back(), 4'000'000'000);
}

// Gaps are exponential: their mean is 1 / rate, and a share of exp(-x) is above
// x times the mean. 20,000 gaps: the standard error of a share is 0.0035.
TEST(Schedule, PoissonGapsAreExponential) {
  const Schedule schedule =
      MakeSchedule({.rate = 20'000, .window = seconds(1), .seed = 1});
  for (const double times_mean : {0.1, 1.0, 3.0}) {
    const double limit = times_mean * 1e9 / 20'000;
    int above = 0;
    for (std::size_t i = 1; i < schedule.size(); ++i) {
      const auto gap =
          static_cast<double>(schedule.times[i] - schedule.times[i - 1]);
      if (gap > limit) ++above;
    }
    EXPECT_NEAR(above / 20'000.0, std::exp(-times_mean), 0.02) << times_mean;
  }
}

TEST(Schedule, PoissonChoosesConnectionsAlike) {
  const Schedule schedule = MakeSchedule(
      {.rate = 10'000, .window = seconds(1), .connections = 10, .seed = 2});
  std::vector<int> counts(10);
  for (const std::uint32_t connection : schedule.connections) {
    ++counts.at(connection);
  }
  for (const int count : counts) EXPECT_NEAR(count, 1000, 150);
}

TEST(Schedule, SeedDecidesIt) {
  const auto times = [](std::uint64_t seed) {
    return MakeSchedule({.rate = 100, .window = seconds(1), .seed = seed})
        .times;
  };
  EXPECT_EQ(times(3), times(3));
  EXPECT_NE(times(3), times(4));
}

TEST(Schedule, FewMessagesAreRounded) {
  EXPECT_EQ(MakeSchedule({.rate = 1.6, .window = seconds(1)}).size(), 2U);
  EXPECT_EQ(MakeSchedule({.rate = 0.1, .window = seconds(1)}).size(), 0U);
}

}  // namespace
}  // namespace polymux::bench
