#include "bench/lab/text.h"

#include <gtest/gtest.h>

namespace polymux::bench {
namespace {

TEST(TextTest, NumbersHaveThreeDigits) {
  EXPECT_EQ(FormatNumber(0), "0.00");
  EXPECT_EQ(FormatNumber(4.934), "4.93");
  EXPECT_EQ(FormatNumber(9.996), "10.0");
  EXPECT_EQ(FormatNumber(49.34), "49.3");
  EXPECT_EQ(FormatNumber(99.96), "100");
  EXPECT_EQ(FormatNumber(999.4), "999");
  EXPECT_EQ(FormatNumber(999.6), "1.00k");
  EXPECT_EQ(FormatNumber(203'400), "203k");
  EXPECT_EQ(FormatNumber(999'600), "1.00M");
  EXPECT_EQ(FormatNumber(12'345'678), "12.3M");
  EXPECT_EQ(FormatNumber(2e9), "2.00G");
}

TEST(TextTest, ARatioThatIsNotOneDoesNotLookLikeIt) {
  EXPECT_EQ(FormatRatio(0.9996), "0.9996");
  EXPECT_EQ(FormatRatio(0.99996), "0.99996");
  EXPECT_EQ(FormatRatio(1.0004), "1.0004");
  EXPECT_EQ(FormatRatio(1), "1.000");
  EXPECT_EQ(FormatRatio(0.9994), "0.999");
  EXPECT_EQ(FormatRatio(1.0336), "1.034");
  EXPECT_EQ(FormatRatio(6.1), "6.10");
}

TEST(TextTest, WrapsAtBlanks) {
  EXPECT_EQ(Wrap("- ", "one two three", 9), "- one two\n  three\n");
  EXPECT_EQ(Wrap("- ", "one two three", 15), "- one two three\n");
  EXPECT_EQ(Wrap("", "a\nb  c"), "a b c\n");
  EXPECT_EQ(Wrap("- ", "", 9), "- \n");
}

TEST(TextTest, WhatIsLongerThanALineStaysWhole) {
  EXPECT_EQ(Wrap("- ", "a 0123456789 b", 6), "- a\n  0123456789\n  b\n");
  EXPECT_EQ(Wrap("- ", "0123456789", 6), "- 0123456789\n");
}

}  // namespace
}  // namespace polymux::bench
