#ifndef POLYMUX_BENCH_LAB_TEXT_H_
#define POLYMUX_BENCH_LAB_TEXT_H_

#include <string>
#include <string_view>

namespace polymux::bench {

// Columns of what the lab prints.
inline constexpr std::size_t kTextWidth = 80;

// Whether text may be coloured, for a terminal.
enum class Colour { kNone, kAnsi };

// kAnsi when standard output is a terminal and NO_COLOR is not set
// (no-color.org).
Colour ColourOfStdout();

// `text` in red, or as it is.
std::string Red(std::string_view text, Colour colour);

// Three significant digits in at most 5 columns: "4.93", "49.3", "493",
// "4.93k", "49.3k".  REQUIRES: value >= 0.
std::string FormatNumber(double value);

// The same without a unit, for numbers that may be negative: three digits, but
// two decimals at most and whole numbers from 100 on: "-0.11", "49.3", "17960".
std::string FormatCoefficient(double value);

// "1.034", or "6.10" when that is enough, or "0.9996" lest it look like 1.
std::string FormatRatio(double ratio);

// "1 round", "2 rounds".
std::string Counted(int count, std::string_view thing);

// `text` in lines of at most `width` columns, broken at blanks; what is longer
// than a line stays whole.  Newlines in `text` count as blanks.  The first line
// begins with `first`, the others with as many blanks.  Ends with a newline.
std::string Wrap(std::string_view first, std::string_view text,
                 std::size_t width = kTextWidth);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_TEXT_H_
