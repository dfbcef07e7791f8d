#ifndef POLYMUX_APPS_BANK_MONEY_H_
#define POLYMUX_APPS_BANK_MONEY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace polymux {

// An amount of money. Never a floating-point number.
using Cents = std::int64_t;

// "12.30": digits without leading zeros, a point, two digits. Empty for every
// other text and for what Cents cannot hold, so that
// FormatCents(*ParseCents(text)) == text.
std::optional<Cents> ParseCents(std::string_view text);

// REQUIRES: cents >= 0.
std::string FormatCents(Cents cents);

}  // namespace polymux

#endif  // POLYMUX_APPS_BANK_MONEY_H_
