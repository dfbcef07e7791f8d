#include "bench/verbs/mann_whitney.h"

#include <gtest/gtest.h>

#include <vector>

namespace polymux::bench {
namespace {

using Sample = std::vector<double>;

// The expected values are those of scipy.stats.mannwhitneyu 1.10.1.

TEST(MannWhitneyTest, ExactForFewValues) {
  EXPECT_NEAR(MannWhitneyP(Sample{1.1, 2.2, 3.3}, Sample{4.4, 5.5, 6.6, 7.7}),
              0.05714285714285714, 1e-12);
  const Sample a{1, 2, 3, 4, 5, 6, 7.5};
  const Sample b{3.5, 4.5, 5.5, 6.5, 8, 9};
  EXPECT_NEAR(MannWhitneyP(a, b), 0.13752913752913754, 1e-12);
  EXPECT_NEAR(MannWhitneyP(b, a), 0.13752913752913754, 1e-12);
}

TEST(MannWhitneyTest, TiesTakeTheNormalApproximation) {
  EXPECT_NEAR(MannWhitneyP(Sample{1, 2, 2, 3}, Sample{2, 3, 4, 5, 5}),
              0.07854585095119067, 1e-12);
}

TEST(MannWhitneyTest, SoDoManyValues) {
  EXPECT_NEAR(MannWhitneyP(Sample{1, 3, 5, 7, 9, 11, 13, 15, 17},
                           Sample{2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24}),
              0.2136207303090525, 1e-12);
}

TEST(MannWhitneyTest, NothingToTell) {
  EXPECT_EQ(MannWhitneyP(Sample{}, Sample{1, 2}), 1);
  EXPECT_EQ(MannWhitneyP(Sample{1, 1, 1}, Sample{1, 1}), 1);
}

}  // namespace
}  // namespace polymux::bench
