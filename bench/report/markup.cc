#include "bench/report/markup.h"

#include "apps/printable_text.h"
#include "poller/check.h"

namespace polymux::bench {

std::string EscapeHtml(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : PrintableOnOneLine(text)) {
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
  constexpr std::string_view kSpecial = "\\`*_{}[]<>|&~$";
  // Of a list, of a heading or its underline.
  constexpr std::string_view kSpecialAtStart = "+-=#";
  std::string escaped;
  for (const char c : PrintableOnOneLine(text)) {
    const bool is_special =
        kSpecial.find(c) != std::string_view::npos ||
        (escaped.empty() && kSpecialAtStart.find(c) != std::string_view::npos);
    if (is_special) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string MarkdownBlock(std::string_view text) {
  // Longer than any in `text`, which could end the block.
  std::string fence = "```";
  while (text.find(fence) != std::string_view::npos) fence += '`';
  std::string block = fence + "text\n";
  block += PrintableLines(text);
  return block + fence + "\n";
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
