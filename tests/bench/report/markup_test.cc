#include "bench/report/markup.h"

#include <gtest/gtest.h>

namespace polymux::bench {
namespace {

TEST(MarkupTest, NothingOfATextIsMarkup) {
  EXPECT_EQ(EscapeHtml("<b a=\"1\" c='2'>&amp;"),
            "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp;");
  EXPECT_EQ(EscapeHtml("µs 50 %"), "µs 50 %");
}

TEST(MarkupTest, NothingOfATextEndsACellOfMarkdown) {
  EXPECT_EQ(EscapeMarkdown("a|b *c* <i>"), "a\\|b \\*c\\* \\<i\\>");
  EXPECT_EQ(EscapeMarkdown("![x](y) ~z~ $w$"), R"(!\[x\](y) \~z\~ \$w\$)");
}

TEST(MarkupTest, NothingOfATextBeginsAnotherBlockOfMarkdown) {
  EXPECT_EQ(EscapeMarkdown("# heading"), R"(\# heading)");
  EXPECT_EQ(EscapeMarkdown("- item"), R"(\- item)");
  EXPECT_EQ(EscapeMarkdown("+ item - +"), R"(\+ item - +)");
  EXPECT_EQ(EscapeMarkdown("==="), R"(\===)");
}

TEST(MarkupTest, TextOfOthersIsPrintable) {
  EXPECT_EQ(EscapeHtml("a\n\x1b[2J\u202e\xff"), R"(a \x1b[2J\u202e\xff)");
  EXPECT_EQ(EscapeMarkdown("a\r# b\x07"), R"(a\\r# b\\x07)");
}

TEST(MarkupTest, NothingOfATextEndsABlockOfMarkdown) {
  EXPECT_EQ(MarkdownBlock("a\nb\n"), "```text\na\nb\n```\n");
  EXPECT_EQ(MarkdownBlock("````\n<b>\x1b\n"),
            "`````text\n````\n<b>\\x1b\n`````\n");
}

TEST(MarkupTest, FillsATemplateOnce) {
  EXPECT_EQ(FillTemplate("{{a}}, {{b}}{{a}} }", {{"a", "{{b}}"}, {"b", "2"}}),
            "{{b}}, 2{{b}} }");
  EXPECT_EQ(FillTemplate("", {}), "");
}

TEST(MarkupDeathTest, ANameWithoutAValueIsAMistake) {
  EXPECT_DEATH(FillTemplate("{{a}}", {{"b", "2"}}), "without a value");
}

}  // namespace
}  // namespace polymux::bench
