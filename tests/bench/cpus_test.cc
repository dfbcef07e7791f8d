#include "bench/lab/cpus.h"

#include <gtest/gtest.h>

namespace polymux::bench {
namespace {

using Cpus = std::vector<int>;

TEST(CpusTest, ServerAndLoadGetDifferentOnes) {
  const CpuAssignment two = AssignCpus(Cpus{3, 7}, 1);
  EXPECT_EQ(two.server, Cpus{3});
  EXPECT_EQ(two.load, Cpus{7});
  const CpuAssignment four = AssignCpus(Cpus{0, 1, 2, 3}, 2);
  EXPECT_EQ(four.server, (Cpus{0, 1}));
  EXPECT_EQ(four.load, (Cpus{2, 3}));
}

TEST(CpusTest, TheServerAlwaysKeepsOne) {
  const CpuAssignment cpus = AssignCpus(Cpus{0, 1}, 8);
  EXPECT_EQ(cpus.server, Cpus{0});
  EXPECT_EQ(cpus.load, Cpus{1});
}

TEST(CpusTest, ASingleOneIsShared) {
  const CpuAssignment cpus = AssignCpus(Cpus{0}, 1);
  EXPECT_TRUE(cpus.server.empty());
  EXPECT_TRUE(cpus.load.empty());
}

TEST(CpusTest, EqualNumbersCanSwap) {
  CpuAssignment two = AssignCpus(Cpus{3, 7}, 1);
  EXPECT_TRUE(SwapCpus(two));
  EXPECT_EQ(two.server, Cpus{7});
  EXPECT_EQ(two.load, Cpus{3});
  CpuAssignment three = AssignCpus(Cpus{0, 1, 2}, 1);
  EXPECT_FALSE(SwapCpus(three));
  EXPECT_EQ(three.load, Cpus{2});
  CpuAssignment none;
  EXPECT_FALSE(SwapCpus(none));
}

TEST(CpusTest, SomeCpuIsAllowed) { EXPECT_FALSE(AllowedCpus().empty()); }

}  // namespace
}  // namespace polymux::bench
