#ifndef POLYMUX_BENCH_LAB_PERCENTAGE_H_
#define POLYMUX_BENCH_LAB_PERCENTAGE_H_

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace polymux::bench {

// "2%" as a share, 0.02: more than 0 % and less than 100 %.  Throws
// std::invalid_argument with a message for the user.
double ParsePercentage(std::string_view text);

// Adds a flag that takes one; `share` must outlive the parsing.
CLI::Option* AddPercentage(CLI::App& app, const std::string& name,
                           std::optional<double>& share,
                           const std::string& help);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_PERCENTAGE_H_
