#include "apps/bank/money.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <system_error>

#include "poller/check.h"

namespace polymux {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::optional<Cents> ParseCents(std::string_view text) {
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos) return std::nullopt;
  const std::string_view whole = text.substr(0, point);
  const std::string_view rest = text.substr(point + 1);
  if (whole.empty() || rest.size() != 2) return std::nullopt;
  if (whole.size() > 1 && whole.front() == '0') return std::nullopt;
  // from_chars would take a minus sign.
  if (!std::ranges::all_of(whole, IsDigit) ||
      !std::ranges::all_of(rest, IsDigit)) {
    return std::nullopt;
  }
  Cents units = 0;
  const auto [end, error] =
      std::from_chars(whole.data(), whole.data() + whole.size(), units);
  if (error != std::errc()) return std::nullopt;
  const Cents cents = (rest[0] - '0') * 10 + (rest[1] - '0');
  if (units > (std::numeric_limits<Cents>::max() - cents) / 100) {
    return std::nullopt;
  }
  return units * 100 + cents;
}

std::string FormatCents(Cents cents) {
  POLYMUX_CHECK(cents >= 0, "a negative amount of money");
  const Cents rest = cents % 100;
  return std::to_string(cents / 100) + (rest < 10 ? ".0" : ".") +
         std::to_string(rest);
}

}  // namespace polymux
