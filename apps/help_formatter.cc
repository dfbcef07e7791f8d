#include "apps/help_formatter.h"

#include <sstream>

namespace polymux {
namespace {

constexpr std::size_t kLineWidth = 80;

}  // namespace

std::string HelpFormatter::make_option(const CLI::Option* option,
                                       bool is_positional) const {
  const std::size_t indent = get_column_width();
  std::string text =
      "  " + make_option_name(option, is_positional) + make_option_opts(option);
  // A name that reaches into the descriptions has a line of its own.
  std::size_t column = text.size();
  if (column >= indent) {
    text += '\n';
    column = 0;
  }
  text.append(indent - column, ' ');
  column = indent;

  std::istringstream words(make_option_desc(option));
  for (std::string word; words >> word;) {
    const bool first = column == indent;
    if (!first && column + 1 + word.size() > kLineWidth) {
      text += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (!first) {
      text += ' ';
      ++column;
    }
    text += word;
    column += word.size();
  }
  return text + '\n';
}

}  // namespace polymux
