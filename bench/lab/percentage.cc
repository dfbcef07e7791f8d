#include "bench/lab/percentage.h"

#include <fmt/format.h>

#include <charconv>
#include <stdexcept>
#include <system_error>

namespace polymux::bench {

double ParsePercentage(std::string_view text) {
  double percent = 0;
  const char* const end = text.data() + text.size();
  const auto [next, error] =
      std::from_chars(text.data(), end, percent, std::chars_format::fixed);
  const bool is_percentage =
      error == std::errc() && std::string_view(next, end) == "%";
  // Not a number is neither.
  if (!is_percentage || !(percent > 0 && percent < 100)) {
    throw std::invalid_argument(
        fmt::format("\"{}\" is no percentage such as 2%", text));
  }
  return percent / 100;
}

CLI::Option* AddPercentage(CLI::App& app, const std::string& name,
                           std::optional<double>& share,
                           const std::string& help) {
  return app
      .add_option_function<std::string>(
          name,
          [name, &share](const std::string& text) {
            try {
              share = ParsePercentage(text);
            } catch (const std::invalid_argument& error) {
              throw CLI::ValidationError(name, error.what());
            }
          },
          help)
      ->type_name("PERCENT");
}

}  // namespace polymux::bench
