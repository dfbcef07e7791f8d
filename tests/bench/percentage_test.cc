#include "bench/lab/percentage.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace polymux::bench {
namespace {

TEST(PercentageTest, IsAShareOfAHundred) {
  EXPECT_DOUBLE_EQ(ParsePercentage("2%"), 0.02);
  EXPECT_DOUBLE_EQ(ParsePercentage("1.5%"), 0.015);
  EXPECT_DOUBLE_EQ(ParsePercentage("99.9%"), 0.999);
}

TEST(PercentageTest, AllElseIsRefused) {
  for (const char* text :
       {"", "%", "2", "0.02", "2 %", " 2%", "2%%", "x%", "0%", "-1%", "100%",
        "nan%", "-nan%", "nan", "inf%", "1e1%", "0x1%"}) {
    EXPECT_THROW(ParsePercentage(text), std::invalid_argument) << text;
  }
}

}  // namespace
}  // namespace polymux::bench
