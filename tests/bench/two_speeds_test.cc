// The analysis of a recorded run on a machine that had two speeds, in stretches
// of up to 50 trials (golden/two-speeds.json.gz: what the analysis needs of the
// 1,360 trials of 2026-11-26, without calibrations, which came later).
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string_view>

#include "bench/lab/analysis.h"
#include "bench/lab/read_results.h"

namespace polymux::bench {
namespace {

struct Expected {
  std::string_view scenario;
  std::string_view arm;
  double ratio;
  double low;
  double high;
  int rounds;
  Verdict verdict;
};

// Printed by golden/two_speeds.py, which comes to them in another way.
constexpr Expected kExpected[] = {
    {"idle-0", "select", 1.005521, 0.989702, 1.033086, 28,
     Verdict::kInconclusive},
    {"idle-0", "poll", 0.992484, 0.978338, 1.014742, 28,
     Verdict::kInconclusive},
    {"idle-0", "epoll-et", 0.996415, 0.976425, 1.016681, 28,
     Verdict::kInconclusive},
    {"idle-0", "uring-lt", 1.031645, 1.018328, 1.048069, 28, Verdict::kSlower},
    {"idle-0", "uring-et", 0.985439, 0.974735, 1.009345, 28,
     Verdict::kInconclusive},
    {"idle-100", "select", 1.174406, 1.133624, 1.235375, 28, Verdict::kSlower},
    {"idle-100", "poll", 1.191131, 1.135987, 1.221688, 28, Verdict::kSlower},
    {"idle-100", "epoll-et", 0.993767, 0.982130, 1.007059, 28,
     Verdict::kEquivalent},
    {"idle-100", "uring-lt", 1.030336, 1.016088, 1.049568, 28,
     Verdict::kSlower},
    {"idle-100", "uring-et", 0.987083, 0.975504, 1.016240, 28,
     Verdict::kInconclusive},
    {"idle-300", "select", 1.519294, 1.419844, 1.636109, 28, Verdict::kSlower},
    {"idle-300", "poll", 1.573137, 1.394605, 1.621057, 28, Verdict::kSlower},
    {"idle-300", "epoll-et", 0.990271, 0.976389, 1.000091, 28,
     Verdict::kInconclusive},
    {"idle-300", "uring-lt", 1.024242, 0.997526, 1.045845, 28,
     Verdict::kInconclusive},
    {"idle-300", "uring-et", 0.986674, 0.969291, 1.005635, 28,
     Verdict::kInconclusive},
    {"idle-1000", "poll", 3.010201, 2.466856, 3.061609, 28, Verdict::kSlower},
    {"idle-1000", "epoll-et", 0.996493, 0.981815, 1.019111, 28,
     Verdict::kEquivalent},
    {"idle-1000", "uring-lt", 1.034768, 1.011642, 1.205027, 28,
     Verdict::kSlower},
    {"idle-1000", "uring-et", 0.981649, 0.960401, 1.008858, 28,
     Verdict::kInconclusive},
    {"idle-3000", "poll", 7.264503, 5.523426, 7.527407, 28, Verdict::kSlower},
    {"idle-3000", "epoll-et", 0.994809, 0.979370, 1.086336, 28,
     Verdict::kInconclusive},
    {"idle-3000", "uring-lt", 1.030925, 0.992363, 1.261846, 28,
     Verdict::kInconclusive},
    {"idle-3000", "uring-et", 0.980630, 0.938523, 1.038188, 28,
     Verdict::kInconclusive},
    {"idle-10000", "poll", 29.188271, 24.387368, 56.466865, 26,
     Verdict::kSlower},
    {"idle-10000", "epoll-et", 0.991486, 0.963761, 1.013429, 24,
     Verdict::kInconclusive},
    {"idle-10000", "uring-lt", 1.029609, 0.986184, 1.078304, 24,
     Verdict::kInconclusive},
    {"idle-10000", "uring-et", 0.980998, 0.911625, 1.032356, 23,
     Verdict::kInconclusive},
};

// Next to this test.
Results Recorded() { return ReadResults("tests/bench/two-speeds.json"); }

TEST(TwoSpeedsTest, TheFiguresAreThoseOfAnotherImplementation) {
  const Results results = Recorded();
  ASSERT_EQ(results.trials.size(), 1360u);
  const Plan& plan = results.plan;
  const Analysis analysis = Analyze(plan, results.trials);
  std::size_t judged = 0;
  for (const Cell& cell : analysis.cells) {
    if (!cell.verdict) continue;
    ASSERT_LT(judged, std::size(kExpected));
    const Expected& expected = kExpected[judged++];
    SCOPED_TRACE(testing::Message()
                 << expected.scenario << ", " << expected.arm);
    EXPECT_EQ(plan.scenarios[cell.scenario].name, expected.scenario);
    EXPECT_EQ(plan.arms[cell.arm].name, expected.arm);
    EXPECT_NEAR(cell.effect->ratio, expected.ratio, 1e-5);
    EXPECT_NEAR(cell.effect->low, expected.low, 1e-5);
    EXPECT_NEAR(cell.effect->high, expected.high, 1e-5);
    EXPECT_EQ(cell.effect->rounds, expected.rounds);
    EXPECT_EQ(cell.verdict, expected.verdict);
  }
  EXPECT_EQ(judged, std::size(kExpected));
}

// Three columns said that it was, with later pairs in the place of earlier ones
// and each column corrected by itself.
TEST(TwoSpeedsTest, NothingIsFaster) {
  const Results results = Recorded();
  for (const Cell& cell : Analyze(results.plan, results.trials).cells) {
    EXPECT_NE(cell.verdict, Verdict::kFaster);
  }
}

}  // namespace
}  // namespace polymux::bench
