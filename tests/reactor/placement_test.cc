#include "reactor/placement.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <thread>
#include <vector>

namespace polymux {
namespace {

constexpr std::size_t kNoLimit = 1'000'000;

TEST(PlacementTest, RoundRobinTakesTurnsWhoeverLeaves) {
  Placement placement(Strategy::kRoundRobin, 3, kNoLimit);
  for (std::size_t i = 0; i < 9; ++i) {
    EXPECT_EQ(placement.Enter(0), i % 3);
    if (i % 2 == 0) placement.Leave(i % 3);
  }
  EXPECT_EQ(placement.total(), 4U);
}

TEST(PlacementTest, LeastConnectionsFillsTheGaps) {
  Placement placement(Strategy::kLeastConnections, 3, kNoLimit);
  for (std::size_t i = 0; i < 9; ++i) EXPECT_EQ(placement.Enter(0), i % 3);
  placement.Leave(1);
  placement.Leave(1);
  placement.Leave(2);
  EXPECT_EQ(placement.Enter(0), 1U);
  // 3, 2, 2: equals take turns from the last choice on.
  EXPECT_EQ(placement.Enter(0), 2U);
  EXPECT_EQ(placement.Enter(0), 1U);
  EXPECT_EQ(placement.Enter(0), 2U);
  EXPECT_EQ(placement.Enter(0), 0U);
}

TEST(PlacementTest, LeastConnectionsStaysEvenWhereRoundRobinDoesNot) {
  // Every second connection stays.
  for (const Strategy strategy :
       {Strategy::kRoundRobin, Strategy::kLeastConnections}) {
    std::array<int, 2> stay{};
    Placement placement(strategy, 2, kNoLimit);
    for (int i = 0; i < 100; ++i) {
      const std::size_t loop = *placement.Enter(0);
      if (i % 2 == 0) {
        ++stay[loop];
      } else {
        placement.Leave(loop);
      }
    }
    const int difference = std::abs(stay[0] - stay[1]);
    if (strategy == Strategy::kRoundRobin) {
      EXPECT_EQ(difference, 50);
    } else {
      EXPECT_LE(difference, 1);
    }
  }
}

TEST(PlacementTest, ReusePortStaysWhereItWasAccepted) {
  Placement placement(Strategy::kReusePort, 3, kNoLimit);
  for (const std::size_t loop : {2U, 2U, 0U, 1U, 2U}) {
    EXPECT_EQ(placement.Enter(loop), loop);
  }
}

TEST(PlacementTest, AnExcludedLoopGetsNoMore) {
  for (const Strategy strategy :
       {Strategy::kRoundRobin, Strategy::kLeastConnections,
        Strategy::kReusePort}) {
    Placement placement(strategy, 3, kNoLimit);
    placement.Exclude(1);
    for (int i = 0; i < 12; ++i) EXPECT_NE(placement.Enter(1), 1U);
    placement.Exclude(0);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(placement.Enter(1), 2U);
    placement.Exclude(2);
    EXPECT_EQ(placement.Enter(1), std::nullopt);
    EXPECT_EQ(placement.total(), 15U) << "who is not let in is not counted";
  }
}

TEST(PlacementTest, TheLimitHoldsAmongListenersOfSeveralThreads) {
  constexpr std::size_t kLimit = 1'000;
  Placement placement(Strategy::kReusePort, 2, kLimit);
  std::array<std::size_t, 2> entered{};
  std::vector<std::thread> listeners;
  for (std::size_t loop = 0; loop < 2; ++loop) {
    listeners.emplace_back([&, loop] {
      for (std::size_t i = 0; i < kLimit; ++i) {
        if (placement.Enter(loop)) ++entered[loop];
      }
    });
  }
  for (std::thread& listener : listeners) listener.join();
  EXPECT_EQ(entered[0] + entered[1], kLimit);
  EXPECT_EQ(placement.total(), kLimit);
  EXPECT_FALSE(placement.Enter(0));
  for (std::size_t loop = 0; loop < 2; ++loop) {
    for (; entered[loop] > 0; --entered[loop]) placement.Leave(loop);
  }
  EXPECT_TRUE(placement.Enter(1));
}

}  // namespace
}  // namespace polymux
