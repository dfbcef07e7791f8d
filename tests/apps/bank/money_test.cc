#include "apps/bank/money.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <string>

namespace polymux {
namespace {

TEST(MoneyTest, Text) {
  EXPECT_EQ(ParseCents("0.00"), 0);
  EXPECT_EQ(ParseCents("0.05"), 5);
  EXPECT_EQ(ParseCents("12.30"), 1230);
  EXPECT_EQ(FormatCents(0), "0.00");
  EXPECT_EQ(FormatCents(5), "0.05");
  EXPECT_EQ(FormatCents(508880), "5088.80");
}

TEST(MoneyTest, RefusesEveryOtherText) {
  for (const char* const text :
       {"",      ".",      "1",      "1.",    ".30",    "1.3",   "1.300",
        "01.00", "00.00",  "-1.00",  "+1.00", " 1.00",  "1.00 ", "1,00",
        "1.0x",  "1e2.00", "1.2.30", "1.-5",  "0x1.00", "1 .00", "1. 0"}) {
    EXPECT_EQ(ParseCents(text), std::nullopt) << text;
  }
}

TEST(MoneyTest, TheLargestAmount) {
  constexpr Cents kMax = std::numeric_limits<Cents>::max();
  EXPECT_EQ(FormatCents(kMax), "92233720368547758.07");
  EXPECT_EQ(ParseCents("92233720368547758.07"), kMax);
  EXPECT_EQ(ParseCents("92233720368547758.08"), std::nullopt);
  EXPECT_EQ(ParseCents("92233720368547759.00"), std::nullopt);
  EXPECT_EQ(ParseCents("9223372036854775808.00"), std::nullopt);
  EXPECT_EQ(ParseCents(std::string(1000, '9') + ".00"), std::nullopt);
}

RC_GTEST_PROP(MoneyProperty, AmountsSurviveTheirText, ()) {
  const Cents cents =
      *rc::gen::inRange<Cents>(0, std::numeric_limits<Cents>::max());
  RC_ASSERT(ParseCents(FormatCents(cents)) == cents);
}

RC_GTEST_PROP(MoneyProperty, OneTextForEachAmount, ()) {
  const auto text = *rc::gen::container<std::string>(
      rc::gen::elementOf(std::string("0123456789.-+ ")));
  const std::optional<Cents> cents = ParseCents(text);
  if (cents) RC_ASSERT(FormatCents(*cents) == text);
}

}  // namespace
}  // namespace polymux
