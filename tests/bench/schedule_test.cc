#include "bench/load/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

namespace polymux::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

std::int64_t CountBefore(const Schedule& schedule, std::int64_t time) {
  return std::ranges::lower_bound(schedule.times, time) -
         schedule.times.begin();
}

// That of a single thread.
Schedule MakeSchedule(ScheduleOptions options) {
  options.threads = 1;
  return MakeSchedules(options).front();
}

// {time, connection of the run} of all threads, in order.
using Dealt = std::vector<std::pair<std::int64_t, std::size_t>>;

Dealt Together(const std::vector<Schedule>& schedules) {
  Dealt all;
  for (std::size_t thread = 0; thread < schedules.size(); ++thread) {
    const Schedule& schedule = schedules[thread];
    EXPECT_TRUE(std::ranges::is_sorted(schedule.times));
    for (std::size_t i = 0; i < schedule.size(); ++i) {
      all.emplace_back(schedule.times[i],
                       schedule.connections[i] * schedules.size() + thread);
    }
  }
  std::ranges::sort(all);
  return all;
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

TEST(Schedule, ConstantIsEvenAcrossTheEdgeOfTheWindow) {
  // 0.75 messages in the warm-up: none. 3.75 in the window: four.
  const Schedule schedule = MakeSchedule({.rate = 1.5,
                                          .arrivals = Arrivals::kConstant,
                                          .warm_up = milliseconds(500),
                                          .window = milliseconds(2500)});
  ASSERT_EQ(schedule.size(), 4U);
  EXPECT_EQ(schedule.times.front(), 500'000'000);
  EXPECT_NEAR(static_cast<double>(schedule.times.back()), 2.5e9, 2);
}

// So many in the window as were asked for, for any rate, length and number of
// threads; and for any number of threads the same ones.
TEST(Schedule, IsExactForAnyNumberOfThreads) {
  const double rates[] = {0.3, 1, 4, 10, 99.5, 100, 333.3, 1000, 12'345.6};
  const nanoseconds windows[] = {seconds(10), milliseconds(1700),
                                 nanoseconds(3'333'333'333)};
  const std::pair<std::size_t, std::size_t> sizes[] = {
      {1, 1}, {64, 64}, {64, 8}, {7, 3}, {3, 8}, {1000, 17}, {2, 1024}};
  for (const Arrivals arrivals : {Arrivals::kConstant, Arrivals::kPoisson}) {
    for (const double rate : rates) {
      for (const nanoseconds window : windows) {
        for (const auto& [connections, threads] : sizes) {
          ScheduleOptions options{.rate = rate,
                                  .arrivals = arrivals,
                                  .warm_up = milliseconds(130),
                                  .window = window,
                                  .connections = connections,
                                  .threads = threads,
                                  .seed = 7};
          const auto schedules = MakeSchedules(options);
          ASSERT_EQ(schedules.size(), threads);
          const Dealt dealt = Together(schedules);
          const auto in_window =
              std::ranges::count_if(dealt, [&](const auto& message) {
                return message.first >= 130'000'000 &&
                       message.first < 130'000'000 + window.count() &&
                       message.second < connections;
              });
          const double asked =
              rate * std::chrono::duration<double>(window).count();
          ASSERT_EQ(in_window, std::llround(asked))
              << rate << " " << window.count() << " " << threads;
          options.threads = 1;
          ASSERT_EQ(dealt, Together(MakeSchedules(options)));
        }
      }
    }
  }
}

TEST(Schedule, MessagesAreWhole) {
  EXPECT_EQ(MessagesDue(0.3, seconds(10)), 3U);
  EXPECT_EQ(MessagesDue(0.3, seconds(5)), 2U);
  EXPECT_EQ(MessagesDue(0.3, seconds(1)), 0U);
  EXPECT_EQ(MessagesDue(1.6, seconds(1)), 2U);
  EXPECT_EQ(MessagesDue(20'000, seconds(1000)), 20'000'000U);
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

}  // namespace
}  // namespace polymux::bench
