#include "bench/lab/williams.h"

#include <gtest/gtest.h>

#include <map>
#include <utility>

namespace polymux::bench {
namespace {

class WilliamsTest : public testing::TestWithParam<std::size_t> {};

TEST_P(WilliamsTest, EachComesToEachPlaceEquallyOften) {
  const auto orders = WilliamsDesign(GetParam());
  ASSERT_EQ(orders.size(), WilliamsSize(GetParam()));
  std::map<std::pair<std::size_t, std::size_t>, std::size_t> seen;
  for (const auto& order : orders) {
    ASSERT_EQ(order.size(), GetParam());
    for (std::size_t place = 0; place < order.size(); ++place) {
      ++seen[{order[place], place}];
    }
  }
  ASSERT_EQ(seen.size(), GetParam() * GetParam());
  for (const auto& [pair, times] : seen) {
    EXPECT_EQ(times, orders.size() / GetParam());
  }
}

TEST_P(WilliamsTest, EachFollowsEachOtherEquallyOften) {
  const auto orders = WilliamsDesign(GetParam());
  std::map<std::pair<std::size_t, std::size_t>, std::size_t> seen;
  for (const auto& order : orders) {
    for (std::size_t place = 1; place < order.size(); ++place) {
      ++seen[{order[place - 1], order[place]}];
    }
  }
  ASSERT_EQ(seen.size(), GetParam() * (GetParam() - 1));
  for (const auto& [pair, times] : seen) {
    EXPECT_NE(pair.first, pair.second);
    EXPECT_EQ(times, orders.size() / GetParam());
  }
}

INSTANTIATE_TEST_SUITE_P(Arms, WilliamsTest,
                         testing::Range(std::size_t{2}, std::size_t{10}));

TEST(WilliamsDesignTest, OneHasOneOrder) {
  EXPECT_EQ(WilliamsDesign(1), (std::vector<std::vector<std::size_t>>{{0}}));
  EXPECT_TRUE(WilliamsDesign(0).empty());
}

}  // namespace
}  // namespace polymux::bench
