#include "bench/lab/toml_nesting.h"

#include <algorithm>
#include <string>

namespace polymux::bench {
namespace {

// Where the string ends that begins at `begin` with a quote: behind its closing
// quotes, or where there are none.  Up to an error of syntax, at which the
// parser stops, this sees the strings that the parser sees.
std::size_t EndOfString(std::string_view text, std::size_t begin) {
  const char quote = text[begin];
  const std::string three(3, quote);
  const bool spans_lines = text.substr(begin, 3) == three;
  std::size_t at = begin + (spans_lines ? 3U : 1U);
  while (at < text.size()) {
    if (spans_lines ? text.substr(at, 3) == three : text[at] == quote) {
      at += spans_lines ? 3U : 1U;
      // Two more quotes may belong to the string.
      while (spans_lines && at < text.size() && text[at] == quote) ++at;
      return at;
    }
    if (!spans_lines && text[at] == '\n') return at;
    const bool is_escape = quote == '"' && text[at] == '\\';
    at += is_escape ? 2U : 1U;
  }
  return text.size();
}

}  // namespace

std::size_t FindDeepNesting(std::string_view toml_text, std::size_t most) {
  std::size_t line = 1;
  std::size_t brackets = 0;
  std::size_t dots = 0;  // in this key, or number
  std::size_t at = 0;
  while (at < toml_text.size()) {
    std::size_t next = at + 1;
    switch (toml_text[at]) {
      case '#':
        next = std::min(toml_text.find('\n', at), toml_text.size());
        break;
      case '"':
      case '\'':
        next = EndOfString(toml_text, at);
        break;
      case '.':
        if (++dots > most) return line;
        break;
      case '[':
      case '{':
        dots = 0;
        if (++brackets > most) return line;
        break;
      case ']':
      case '}':
        if (brackets > 0) --brackets;
        break;
      case ',':
      case '=':
      case '\n':
        dots = 0;
        break;
      default:
        break;
    }
    const auto passed = toml_text.substr(at, next - at);
    line += static_cast<std::size_t>(std::ranges::count(passed, '\n'));
    at = next;
  }
  return 0;
}

}  // namespace polymux::bench
