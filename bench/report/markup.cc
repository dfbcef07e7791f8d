#include "bench/report/markup.h"

#include "poller/check.h"

namespace polymux::bench {

std::string EscapeHtml(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string EscapeMarkdown(std::string_view text) {
  constexpr std::string_view kSpecial = "\\`*_{}[]<>|&";
  std::string escaped;
  for (const char c : text) {
    if (kSpecial.find(c) != std::string_view::npos) escaped += '\\';
    escaped += c == '\n' ? ' ' : c;
  }
  return escaped;
}

std::string FillTemplate(
    std::string_view text,
    const std::map<std::string_view, std::string>& values) {
  std::string filled;
  while (true) {
    const std::size_t begin = text.find("{{");
    filled += text.substr(0, begin);
    if (begin == std::string_view::npos) return filled;
    const std::size_t end = text.find("}}", begin);
    POLYMUX_CHECK(end != std::string_view::npos, "an unclosed {{");
    const auto value = values.find(text.substr(begin + 2, end - begin - 2));
    POLYMUX_CHECK(value != values.end(), "a template's name without a value");
    filled += value->second;
    text.remove_prefix(end + 2);
  }
}

}  // namespace polymux::bench
