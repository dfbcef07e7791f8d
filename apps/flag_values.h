#ifndef POLYMUX_APPS_FLAG_VALUES_H_
#define POLYMUX_APPS_FLAG_VALUES_H_

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace polymux {

// What every Polymux program understands on its command line, and how it
// fails: durations carry a unit, sizes are 1024-based, a usage error is exit
// code 2.
//
// The parsers are our own because CLI11's AsNumberWithUnit takes a lone unit
// for a number ("s" is one second), reads "010" as eight and leaves the name
// of the flag out of its errors.

// A whole number and one of the units ns, us, ms, s, m, min: "500ms", "3s".
// Throws std::invalid_argument with a message for the user.
std::chrono::nanoseconds ParseDuration(std::string_view text);

// A whole number of bytes, or one followed by k, m or g (either case,
// 1024-based): "100", "16k". Throws like ParseDuration.
std::size_t ParseSize(std::string_view text);

// The shortest text that ParseDuration turns back into `duration`.
std::string FormatDuration(std::chrono::nanoseconds duration);

// The shortest text that ParseSize turns back into `bytes`.
std::string FormatSize(std::size_t bytes);

// A number of things, given as such or as a percentage of a total.
struct CountOrPercent {
  std::size_t number = 0;
  bool is_percent = false;

  // The count meant when there are `total` things in all. A percentage is
  // rounded to the nearest whole, but one above zero is at least 1.
  std::size_t Of(std::size_t total) const;
};

// "50" or "10%" (0 to 100). Throws like ParseDuration.
CountOrPercent ParseCountOrPercent(std::string_view text);

// Each adds a flag bound to `value`, which holds the default, shown in
// --help. `value` must outlive the parsing. `names` is as in
// CLI::App::add_option.
CLI::Option* AddDuration(CLI::App& app, const std::string& names,
                         std::chrono::nanoseconds& value,
                         const std::string& help);
CLI::Option* AddSize(CLI::App& app, const std::string& names,
                     std::size_t& value, const std::string& help);
CLI::Option* AddCountOrPercent(CLI::App& app, const std::string& names,
                               CountOrPercent& value, const std::string& help);

// Parses the command line, then calls `check`, if there is one, which throws
// CLI::ValidationError when the values do not go together. (A callback of
// CLI::App would replace the one before it.) No option takes an empty value,
// and one whose type is a number takes decimal digits alone: to CLI11 "" is
// zero, "010" eight and "0x10" sixteen.
//
// Empty: go on. Otherwise the exit code to return from main: 0 after --help,
// printed on stdout; 2 after a usage error, told on stderr.
std::optional<int> ParseFlags(CLI::App& app, int argc, const char* const* argv,
                              const std::function<void()>& check = {});

}  // namespace polymux

#endif  // POLYMUX_APPS_FLAG_VALUES_H_
