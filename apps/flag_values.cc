#include "apps/flag_values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <functional>
#include <iostream>
#include <limits>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include "apps/help_formatter.h"
#include "apps/printable_text.h"

namespace polymux {
namespace {

constexpr int kUsageError = 2;

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// Ascending, the preferred name of a factor first.
constexpr std::array kDurationUnits = {
    Unit{"ns", 1},
    Unit{"us", 1'000},
    Unit{"ms", 1'000'000},
    Unit{"s", 1'000'000'000},
    Unit{"m", 60'000'000'000},
    Unit{"min", 60'000'000'000},
};

constexpr std::array kSizeUnits = {
    Unit{"", 1},
    Unit{"k", std::uint64_t{1} << 10},
    Unit{"m", std::uint64_t{1} << 20},
    Unit{"g", std::uint64_t{1} << 30},
};

[[noreturn]] void Reject(std::string_view text, std::string_view why) {
  throw std::invalid_argument("'" + std::string(text) +
                              "': " + std::string(why));
}

// A whole number and the text after it; `why` is the complaint when there is
// no number.
struct NumberAndRest {
  std::uint64_t number;
  std::string_view rest;
};

NumberAndRest SplitNumber(std::string_view text, std::string_view why) {
  NumberAndRest split{};
  const char* const end = text.data() + text.size();
  const auto [next, error] = std::from_chars(text.data(), end, split.number);
  if (error == std::errc::result_out_of_range) Reject(text, "too large");
  if (error != std::errc()) Reject(text, why);
  split.rest = std::string_view(next, static_cast<std::size_t>(end - next));
  return split;
}

template <std::size_t N>
std::uint64_t ParseScaled(std::string_view text, std::string_view unit_name,
                          std::uint64_t number, std::uint64_t limit,
                          const std::array<Unit, N>& units,
                          std::string_view why) {
  const auto unit =
      std::find_if(units.begin(), units.end(),
                   [&](const Unit& u) { return u.name == unit_name; });
  if (unit == units.end()) Reject(text, why);
  if (number > limit / unit->factor) Reject(text, "too large");
  return number * unit->factor;
}

template <std::size_t N>
std::string FormatScaled(std::uint64_t value,
                         const std::array<Unit, N>& units) {
  const Unit* best = &units.front();
  for (const Unit& unit : units) {
    const bool fits = value != 0 && value % unit.factor == 0;
    if (fits && unit.factor > best->factor) best = &unit;
  }
  return std::to_string(value / best->factor) + std::string(best->name);
}

CLI::Option* AddParsed(CLI::App& app, const std::string& names,
                       const std::string& help, const std::string& type,
                       const std::string& default_text,
                       std::function<void(const std::string&)> assign) {
  const auto convert = [assign, names](const std::string& text) {
    try {
      assign(text);
    } catch (const std::invalid_argument& error) {
      throw CLI::ValidationError(names.substr(names.rfind(',') + 1),
                                 error.what());
    }
  };
  return app.add_option_function<std::string>(names, convert, help)
      ->type_name(type)
      ->default_str(default_text);
}

std::string FormatCountOrPercent(const CountOrPercent& value) {
  return std::to_string(value.number) + (value.is_percent ? "%" : "");
}

// For CLI11: empty when `text` is a whole number, which then loses its leading
// zeros, or else what is wrong.
std::string CheckDecimal(std::string& text) {
  constexpr std::string_view kDigits = "0123456789";
  if (text.find_first_not_of(kDigits) != std::string::npos) {
    return "'" + text + "': give a whole number";
  }
  text.erase(0, std::min(text.find_first_not_of('0'), text.size() - 1));
  return {};
}

std::string CheckNotEmpty(const std::string& text) {
  return text.empty() ? "an empty value" : "";
}

void RefuseWhatCli11Guesses(CLI::App& app) {
  constexpr std::array<std::string_view, 4> kNumbers = {"N", "PORT", "INT",
                                                        "UINT"};
  for (CLI::Option* const option : app.get_options()) {
    const bool is_flag = option->get_items_expected_max() == 0;
    if (is_flag) continue;
    const std::string type = option->get_type_name();
    const bool is_number = std::ranges::find(kNumbers, type) != kNumbers.end();
    // Before the option's own checks, the last one given first.
    if (is_number) option->transform(CLI::Validator(CheckDecimal, "", ""));
    option->transform(CLI::Validator(
        [](std::string& text) { return CheckNotEmpty(text); }, "", ""));
  }
}

}  // namespace

std::chrono::nanoseconds ParseDuration(std::string_view text) {
  constexpr std::string_view kWhy =
      "a duration is a whole number and a unit (ns, us, ms, s, m), like 500ms "
      "or 3s";
  const NumberAndRest split = SplitNumber(text, kWhy);
  if (split.rest.empty()) {
    Reject(text, "a duration needs a unit, like 500ms or 3s");
  }
  constexpr auto kLimit = std::numeric_limits<std::int64_t>::max();
  const std::uint64_t nanoseconds =
      ParseScaled(text, split.rest, split.number, kLimit, kDurationUnits, kWhy);
  return std::chrono::nanoseconds(static_cast<std::int64_t>(nanoseconds));
}

std::size_t ParseSize(std::string_view text) {
  constexpr std::string_view kWhy =
      "a size is a whole number of bytes, or one followed by k, m or g, like "
      "100 or 16k";
  const NumberAndRest split = SplitNumber(text, kWhy);
  std::string unit(split.rest);
  if (unit == "K" || unit == "M" || unit == "G") {
    unit.front() = static_cast<char>(unit.front() - 'A' + 'a');
  }
  return ParseScaled(text, unit, split.number,
                     std::numeric_limits<std::size_t>::max(), kSizeUnits, kWhy);
}

CountOrPercent ParseCountOrPercent(std::string_view text) {
  constexpr std::string_view kWhy =
      "give a whole number or a percentage, like 50 or 10%";
  const NumberAndRest split = SplitNumber(text, kWhy);
  const bool is_percent = split.rest == "%";
  if (!is_percent && !split.rest.empty()) Reject(text, kWhy);
  if (is_percent && split.number > 100) Reject(text, "more than 100%");
  return CountOrPercent{static_cast<std::size_t>(split.number), is_percent};
}

std::string FormatDuration(std::chrono::nanoseconds duration) {
  const auto count = static_cast<std::uint64_t>(duration.count());
  return count == 0 ? "0s" : FormatScaled(count, kDurationUnits);
}

std::string FormatSize(std::size_t bytes) {
  return FormatScaled(bytes, kSizeUnits);
}

std::size_t CountOrPercent::Of(std::size_t total) const {
  if (!is_percent) return number;
  const std::size_t rounded = (total * number + 50) / 100;
  return rounded == 0 && number > 0 && total > 0 ? 1 : rounded;
}

CLI::Option* AddDuration(CLI::App& app, const std::string& names,
                         std::chrono::nanoseconds& value,
                         const std::string& help) {
  return AddParsed(
      app, names, help, "DURATION", FormatDuration(value),
      [&value](const std::string& text) { value = ParseDuration(text); });
}

CLI::Option* AddSize(CLI::App& app, const std::string& names,
                     std::size_t& value, const std::string& help) {
  return AddParsed(
      app, names, help, "SIZE", FormatSize(value),
      [&value](const std::string& text) { value = ParseSize(text); });
}

CLI::Option* AddCountOrPercent(CLI::App& app, const std::string& names,
                               CountOrPercent& value, const std::string& help) {
  return AddParsed(
      app, names, help, "N|P%", FormatCountOrPercent(value),
      [&value](const std::string& text) { value = ParseCountOrPercent(text); });
}

std::optional<int> ParseFlags(CLI::App& app, int argc, const char* const* argv,
                              const std::function<void()>& check) {
  app.formatter(std::make_shared<HelpFormatter>());
  RefuseWhatCli11Guesses(app);
  try {
    app.parse(argc, argv);
    if (check) check();
  } catch (const CLI::ParseError& error) {
    // What is wrong repeats the arguments.
    std::ostringstream complaint;
    const int exit_code = app.exit(error, std::cout, complaint);
    std::cerr << PrintableLines(complaint.str());
    return exit_code == 0 ? 0 : kUsageError;
  }
  return std::nullopt;
}

}  // namespace polymux
