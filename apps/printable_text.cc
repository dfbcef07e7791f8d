#include "apps/printable_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace polymux {
namespace {

bool IsPlain(char c) { return c >= ' ' && c <= '~'; }

// `text`, with what is not plain in the debug format of {fmt}, which knows
// Unicode. What is plain is spared it: it would escape quotes and backslashes.
std::string Escaped(std::string_view text, bool (*stays)(char)) {
  std::string result;
  result.reserve(text.size());
  auto next = text.begin();
  while (next != text.end()) {
    const auto special = std::find_if_not(next, text.end(), stays);
    result.append(next, special);
    next = std::find_if(special, text.end(), stays);
    const std::string quoted =
        fmt::format("{:?}", std::string_view(special, next));
    result.append(quoted, 1, quoted.size() - 2);
  }
  return result;
}

}  // namespace

std::string PrintableLine(std::string_view text) {
  return Escaped(text, IsPlain);
}

std::string PrintableOnOneLine(std::string_view text) {
  std::string result = PrintableLines(text);
  std::replace(result.begin(), result.end(), '\n', ' ');
  return result;
}

std::string PrintableLines(std::string_view text) {
  return Escaped(text, [](char c) { return IsPlain(c) || c == '\n'; });
}

}  // namespace polymux
