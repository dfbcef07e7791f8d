#include "bench/report/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/bench/report/report_samples.h"

namespace polymux::bench {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

TEST(WordsTest, ASentenceNamesEveryVerdict) {
  const Results results = RichResults(3);
  const std::string sentence =
      ScenarioSentence(results.plan, RichAnalysis(results), 2);
  EXPECT_THAT(sentence,
              MatchesRegex("epoll-lt needs 4\\.[0-9]+ µs of server CPU per "
                           "message\\. Faster: epoll-et \\(0\\.9.*\\)\\. "
                           "Slower: poll \\(1\\.7.*\\) and select .*"));
}

TEST(WordsTest, WithoutABaselineThereIsNothingToSay) {
  Results results = RichResults(3);
  for (Trial& trial : results.trials) {
    if (trial.slot.arm == 0) trial.invalid = "broken";
  }
  EXPECT_THAT(ScenarioSentence(results.plan, RichAnalysis(results), 0),
              HasSubstr("Nothing is known of the baseline, epoll-lt."));
}

TEST(WordsTest, WithoutAVerdictTheSentenceSaysWhy) {
  Results results = RichResults(3);
  const auto sentence = [&results](std::size_t scenario) {
    return ScenarioSentence(results.plan, Analyze(results.plan, results.trials),
                            scenario);
  };
  EXPECT_THAT(sentence(2),
              AllOf(HasSubstr("No verdict, too few rounds (3 of "),
                    HasSubstr("epoll-et (0.9"), HasSubstr("poll (1.7"),
                    Not(HasSubstr("epoll-lt#2"))));
  results.plan.control = "";
  EXPECT_THAT(sentence(2), HasSubstr("No verdict, there is no control: "));
}

TEST(WordsTest, EveryArmHasAWord) {
  const Results results = RichResults(3);
  const Analysis analysis = RichAnalysis(results);
  const auto cells = CellsOfScenario(results.plan, analysis, 3);
  EXPECT_EQ(VerdictWord(results.plan, cells[0]), "baseline");
  EXPECT_EQ(VerdictWord(results.plan, cells[1]), "control");
  EXPECT_EQ(VerdictWord(results.plan, cells[2]), "faster");
  EXPECT_EQ(VerdictWord(results.plan, cells[3]), "slower");
  EXPECT_EQ(VerdictWord(results.plan, cells[4]), "not measured");
  Cell cell = cells[2];
  cell.verdict.reset();
  EXPECT_EQ(VerdictWord(results.plan, cell), "no verdict");
}

TEST(WordsTest, SaysWhatEachArmIs) {
  EXPECT_THAT(AboutArm({.name = "x", .target = "epoll-et"}),
              AllOf(HasSubstr("epoll"), HasSubstr("edge")));
  EXPECT_THAT(
      AboutArm(
          {.name = "x", .kind = ArmKind::kForeign, .target = "./mine {port}"}),
      HasSubstr("./mine {port}"));
  // Of another version of the program.
  EXPECT_NE(AboutArm({.name = "x", .target = "kqueue"}), "");
  EXPECT_NE(AboutArm({.name = "x", .kind = ArmKind::kPeer, .target = "future"}),
            "");
}

TEST(WordsTest, Joins) {
  EXPECT_EQ(Join({}), "");
  EXPECT_EQ(Join({"a"}), "a");
  EXPECT_EQ(Join({"a", "b", "c"}), "a, b and c");
}

TEST(WordsTest, TheMedian) {
  EXPECT_EQ(Median({3, 1, 2}), 2);
  EXPECT_EQ(Median({4, 1, 2, 3}), 2.5);
}

}  // namespace
}  // namespace polymux::bench
