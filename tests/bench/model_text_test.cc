#include "bench/lab/model_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace polymux::bench {
namespace {

using testing::HasSubstr;
using testing::Not;

class ModelTextTest : public testing::Test {
 protected:
  ModelTextTest() {
    plan_.arms = {{.name = "poll", .target = "poll"},
                  {.name = "epoll-lt", .target = "epoll-lt"},
                  {.name = "select", .target = "select"}};
    plan_.baseline = "epoll-lt";
    models_.models = {{.arm = 0,
                       .per_wait_ns = {1234.4, -56.78, 2345.6},
                       .per_watched_ns = {10.27, 9.98, 10.51},
                       .per_ready_ns = Estimate{4999.9, 4800, 5100}}};
    models_.crossovers = {
        {.arm = 0, .other = 1, .active = 10, .connections = {41.4, 30, 55}},
        {.arm = 2, .other = 0, .active = 7, .connections = {1, 1, 1}}};
  }

  Plan plan_;
  Models models_;
};

TEST_F(ModelTextTest, OneLineForEachModel) {
  EXPECT_EQ(DescribeModels(plan_, {.models = models_.models}),
            R"(
Cost of a wait, fitted: a + b x connections + c x ready; ns of server CPU

arm                  a: per wait      b: per connection           c: per ready
poll          1234 [-56.8, 2346]      10.3 [9.98, 10.5]      5000 [4800, 5100]
)");
}

TEST_F(ModelTextTest, WideFiguresDoNotTouch) {
  models_.models[0].per_wait_ns = {1234567, 1000000, 2000000};
  EXPECT_THAT(DescribeModels(plan_, models_),
              HasSubstr("\npoll       1234567 [1000000, 2000000]  "));
}

TEST_F(ModelTextTest, WhatIsNotFittedIsSaid) {
  models_.models[0].per_ready_ns.reset();
  models_.unmodelled = {{.arm = 2, .reason = "it has no counters"}};
  const std::string text = DescribeModels(plan_, models_);
  EXPECT_THAT(text, HasSubstr("   in a\n"));
  EXPECT_THAT(text, HasSubstr("\nc is in a for poll: the waits brought about"));
  EXPECT_THAT(text, HasSubstr("\nNo cost of a wait is fitted for select (it "
                              "has no counters).\n"));
  // What was measured crosses with or without a model.
  models_.models.clear();
  EXPECT_TRUE(DescribeModels(plan_, models_).starts_with("\nWith "));
  models_.crossovers.clear();
  EXPECT_TRUE(DescribeModels(plan_, models_)
                  .starts_with("\nNo cost of a wait is fitted for select"));
}

TEST_F(ModelTextTest, AFitThatIsFarFromWhatWasMeasuredIsDoubted) {
  EXPECT_THAT(ModelDoubts(plan_, models_.models), testing::IsEmpty());
  models_.models[0].worst_deviation = -0.555;
  models_.models[0].worst_watched = 10'010;
  EXPECT_THAT(DescribeModels(plan_, models_),
              HasSubstr("\nThe fit of poll is 56 % below what was measured "
                        "with 10010 connections.\n"));
}

TEST_F(ModelTextTest, WhereAnArmCrossesTheBaseline) {
  const std::string text = DescribeModels(plan_, models_);
  EXPECT_THAT(text, HasSubstr("\nWith 10 active, poll costs less below 41 "
                              "connections [30, 55], epoll-lt above.\n"));
  EXPECT_THAT(text, Not(HasSubstr("With 7 active")));
}

TEST_F(ModelTextTest, AGuessIsToldAsOne) {
  models_.crossovers[0].extrapolated = true;
  EXPECT_THAT(DescribeModels(plan_, models_),
              HasSubstr("beyond what was measured"));
}

TEST_F(ModelTextTest, NothingWithoutModels) {
  EXPECT_EQ(DescribeModels(plan_, {}), "");
}

}  // namespace
}  // namespace polymux::bench
