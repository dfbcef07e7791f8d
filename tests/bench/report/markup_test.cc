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
  EXPECT_EQ(EscapeMarkdown("a|b *c*\n<i>"), "a\\|b \\*c\\* \\<i\\>");
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
