#ifndef POLYMUX_APPS_HELP_FORMATTER_H_
#define POLYMUX_APPS_HELP_FORMATTER_H_

#include <CLI/CLI.hpp>
#include <string>

namespace polymux {

// CLI11's layout of --help with the descriptions of options wrapped at 80
// columns, which CLI11 2.1 leaves to the terminal.
class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() { column_width(30); }

  std::string make_option(const CLI::Option* option,
                          bool is_positional) const override;
};

}  // namespace polymux

#endif  // POLYMUX_APPS_HELP_FORMATTER_H_
