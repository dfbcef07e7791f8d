#include "bench/lab/text.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <sstream>

namespace polymux::bench {

Colour ColourOfStdout() {
  const char* no_color = std::getenv("NO_COLOR");
  const bool unwanted = no_color != nullptr && *no_color != '\0';
  return !unwanted && ::isatty(STDOUT_FILENO) == 1 ? Colour::kAnsi
                                                   : Colour::kNone;
}

std::string Red(std::string_view text, Colour colour) {
  return colour == Colour::kAnsi ? fmt::format("\033[1;31m{}\033[0m", text)
                                 : std::string(text);
}

std::string FormatCoefficient(double value) {
  const double size = std::abs(value);
  const int decimals = size < 9.995 ? 2 : size < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f}", value, decimals);
}

std::string FormatNumber(double value) {
  std::string_view unit;
  if (value >= 999.5e6) {
    value /= 1e9;
    unit = "G";
  } else if (value >= 999.5e3) {
    value /= 1e6;
    unit = "M";
  } else if (value >= 999.5) {
    value /= 1e3;
    unit = "k";
  }
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f}{}", value, decimals, unit);
}

std::string FormatRatio(double ratio) {
  if (ratio >= 2) return FormatNumber(ratio);
  // What differs from 1 must not look like it: a verdict may rest on that.
  constexpr int kMostDigits = 6;
  for (int digits = 3; digits < kMostDigits; ++digits) {
    const double scale = std::pow(10, digits);
    if (std::round(ratio * scale) != scale) {
      return fmt::format("{:.{}f}", ratio, digits);
    }
  }
  return "1.000";
}

std::string Counted(int count, std::string_view thing) {
  return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

std::string Wrap(std::string_view first, std::string_view text,
                 std::size_t width) {
  std::string result(first);
  std::size_t column = first.size();
  std::istringstream words{std::string(text)};
  bool begins_line = true;
  for (std::string word; words >> word;) {
    if (!begins_line && column + 1 + word.size() > width) {
      result += "\n" + std::string(first.size(), ' ');
      column = first.size();
      begins_line = true;
    }
    if (!begins_line) result += ' ';
    result += word;
    column += word.size() + (begins_line ? 0 : 1);
    begins_line = false;
  }
  return result + "\n";
}

}  // namespace polymux::bench
