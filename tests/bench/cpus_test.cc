#include "bench/lab/cpus.h"

#include <gtest/gtest.h>

namespace polymux::bench {
namespace {

using Cpus = std::vector<int>;

TEST(CpusTest, ASingleOneIsShared) {
  const CpuAssignment cpus = AssignCpus(Cpus{0}, 1, 1);
  EXPECT_TRUE(cpus.server.empty());
  EXPECT_TRUE(cpus.load.empty());
}

TEST(CpusTest, ServerAndLoadGetDifferentOnes) {
  const CpuAssignment two = AssignCpus(Cpus{3, 7}, 1, 1);
  EXPECT_EQ(two.server, Cpus{3});
  EXPECT_EQ(two.load, Cpus{7});
}

TEST(CpusTest, EachGetsAsManyAsTheOneWithMoreThreads) {
  const CpuAssignment four = AssignCpus(Cpus{0, 1, 2, 3}, 1, 1);
  EXPECT_EQ(four.server, Cpus{0});
  EXPECT_EQ(four.load, Cpus{3});
  const Cpus allowed{0, 1, 2, 3, 4, 5, 6, 7};
  for (const CpuAssignment& eight :
       {AssignCpus(allowed, 3, 2), AssignCpus(allowed, 2, 3)}) {
    EXPECT_EQ(eight.server, (Cpus{0, 1, 2}));
    EXPECT_EQ(eight.load, (Cpus{5, 6, 7}));
  }
}

TEST(CpusTest, TooFewGoToTheServerButForTheLoadThreads) {
  const CpuAssignment four = AssignCpus(Cpus{0, 1, 2, 3}, 4, 1);
  EXPECT_EQ(four.server, (Cpus{0, 1, 2}));
  EXPECT_EQ(four.load, Cpus{3});
}

TEST(CpusTest, TheServerAlwaysKeepsOne) {
  const CpuAssignment cpus = AssignCpus(Cpus{0, 1}, 1, 8);
  EXPECT_EQ(cpus.server, Cpus{0});
  EXPECT_EQ(cpus.load, Cpus{1});
}

TEST(CpusTest, EqualNumbersCanSwap) {
  CpuAssignment two = AssignCpus(Cpus{3, 7}, 1, 1);
  EXPECT_TRUE(SwapCpus(two));
  EXPECT_EQ(two.server, Cpus{7});
  EXPECT_EQ(two.load, Cpus{3});
  for (const Cpus& allowed : {Cpus{0, 1, 2, 3}, Cpus{0, 1, 2, 3, 4, 5, 6, 7}}) {
    CpuAssignment cpus = AssignCpus(allowed, 1, 1);
    EXPECT_TRUE(SwapCpus(cpus)) << allowed.size() << " CPUs";
  }
  CpuAssignment three = AssignCpus(Cpus{0, 1, 2}, 2, 1);
  EXPECT_FALSE(SwapCpus(three));
  EXPECT_EQ(three.load, Cpus{2});
  CpuAssignment none;
  EXPECT_FALSE(SwapCpus(none));
}

TEST(CpusTest, SomeCpuIsAllowed) { EXPECT_FALSE(AllowedCpus().empty()); }

}  // namespace
}  // namespace polymux::bench
