#ifndef POLYMUX_BENCH_REPORT_MARKUP_H_
#define POLYMUX_BENCH_REPORT_MARKUP_H_

#include <map>
#include <string>
#include <string_view>

namespace polymux::bench {

// `text` as it may stand in a line of HTML and SVG, also within a quoted
// attribute.
std::string EscapeHtml(std::string_view text);

// A line of Markdown, a cell of a table or an item of a list.
std::string EscapeMarkdown(std::string_view text);

// `text`, whole lines, as they are: a fenced block.
std::string MarkdownBlock(std::string_view text);

// `text` with each {{NAME}} replaced by its value; what the values contain is
// not looked at again.
// REQUIRES: every name in `text` has a value.
std::string FillTemplate(std::string_view text,
                         const std::map<std::string_view, std::string>& values);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_REPORT_MARKUP_H_
