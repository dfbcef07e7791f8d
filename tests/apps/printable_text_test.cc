#include "apps/printable_text.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace polymux {
namespace {

struct Case {
  std::string_view text;
  std::string_view line;
};

using namespace std::string_view_literals;

// What a terminal, a log or a page would do more than show.
constexpr Case kCases[] = {
    {"", ""},
    {R"(sh -c "echo 'a\tb'")", R"(sh -c "echo 'a\tb'")"},
    {"\x1b]0;title\x07\r# heading", R"(\x1b]0;title\x07\r# heading)"},
    {"a\0b"sv, R"(a\x00b)"},
    {"a\tb\nc\x7f", R"(a\tb\nc\x7f)"},
    // C1, also as UTF-8: CSI in one byte.
    {"\x9b\x31m", R"(\x9b1m)"},
    {"\xc2\x9b\x31m", R"(\x9b1m)"},
    {"\xc2\x85", R"(\x85)"},
    // Writing from right to left, isolates, separators, nothing to be seen.
    {"\u202egnp.exe", R"(\u202egnp.exe)"},
    {"\u2066a\u2069", R"(\u2066a\u2069)"},
    {"a\u2028b\u2029", R"(a\u2028b\u2029)"},
    {"\u200b\ufeff", R"(\u200b\ufeff)"},
    {"\U000e0041", R"(\U000e0041)"},
    // Neither UTF-8 nor cut off, overlong, a surrogate, beyond Unicode.
    {"\xff", R"(\xff)"},
    {"ab\xe2\x82", R"(ab\xe2\x82)"},
    {"\xc0\x9b", R"(\xc0\x9b)"},
    {"\xed\xa0\x80", R"(\xed\xa0\x80)"},
    {"\xf4\x90\x80\x80", R"(\xf4\x90\x80\x80)"},
    {"Grüße, 世界 😀", "Grüße, 世界 😀"},
};

TEST(PrintableTextTest, IsReadAndNoMore) {
  for (const Case& one : kCases) EXPECT_EQ(PrintableLine(one.text), one.line);
}

TEST(PrintableTextTest, IsNotChangedTwice) {
  for (const Case& one : kCases) {
    EXPECT_EQ(PrintableLine(PrintableLine(one.text)), one.line);
  }
}

TEST(PrintableTextTest, EachByteIsPrintableAfterwards) {
  for (int byte = 0; byte < 256; ++byte) {
    for (const std::string around : {"", "x", "\xc2", "\xe2\x80"}) {
      const std::string text = around + static_cast<char>(byte);
      for (const char c : PrintableLine(text)) {
        EXPECT_FALSE(static_cast<unsigned char>(c) < 0x20 || c == 0x7f) << byte;
      }
    }
  }
}

TEST(PrintableTextTest, OnlyLinesMayHaveNewlines) {
  EXPECT_EQ(PrintableLine("a\nb\r\nc"), R"(a\nb\r\nc)");
  EXPECT_EQ(PrintableOnOneLine("a:\nb\r\nc"), R"(a: b\r c)");
  EXPECT_EQ(PrintableLines("a\nb\r\nc\n"), "a\nb\\r\nc\n");
  EXPECT_EQ(PrintableLines("\x1b[2J\n\u202e"), "\\x1b[2J\n\\u202e");
}

}  // namespace
}  // namespace polymux
