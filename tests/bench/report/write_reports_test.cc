#include "bench/report/write_reports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "bench/lab/output_directory.h"
#include "bench/report/page.h"
#include "tests/bench/lab_samples.h"
#include "tests/bench/report/report_samples.h"

namespace polymux::bench {
namespace {

using std::filesystem::exists;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string Text(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::filesystem::path NewDirectory(const std::string& name) {
  auto directory = std::filesystem::path(testing::TempDir()) / name;
  std::filesystem::remove_all(directory);
  return directory;
}

// Writes all of it; the path of the page.
std::filesystem::path WriteAll(const Results& results,
                               const std::filesystem::path& path) {
  OutputDirectory directory(path, ReportNames(results.plan));
  EXPECT_TRUE(WriteReports(results, directory).empty());
  return path / kPageFile;
}

// The names of the latencies of a plan with these scenarios and the arm "a".
std::vector<std::string> NamesOf(const std::vector<std::string>& scenarios) {
  Plan plan = SamplePlan();
  plan.scenarios.resize(scenarios.size(), plan.scenarios.front());
  for (std::size_t i = 0; i < scenarios.size(); ++i) {
    plan.scenarios[i].name = scenarios[i];
  }
  plan.arms.resize(1);
  plan.arms.front().name = "a";
  std::vector<std::string> names;
  for (const auto& name : ReportNames(plan)) {
    if (name.has_parent_path()) names.push_back(name.filename());
  }
  return names;
}

TEST(WriteReportsTest, WritesAllFiles) {
  const auto directory = NewDirectory("all") / "made";
  const auto page = WriteAll(RichResults(3), directory);
  EXPECT_EQ(page, directory / "report.html");
  EXPECT_THAT(Text(page), HasSubstr("</html>"));
  EXPECT_EQ(Text(directory / "results.json"), ToJson(RichResults(3)));
  EXPECT_THAT(Text(directory / "results.csv"), HasSubstr("idle-90,epoll-et,"));
  EXPECT_THAT(Text(directory / "report.md"),
              AllOf(HasSubstr("## idle-90"), HasSubstr("| epoll-et |"),
                    HasSubstr("| events / wait | bytes / read |")));
  EXPECT_THAT(Text(page), HasSubstr(">voluntary switches / 1000</th>"));
  EXPECT_TRUE(exists(directory / "latency" / "idle-90.epoll-et.hgrm"));
  // It was not measured.
  EXPECT_FALSE(exists(directory / "latency" / "idle-8000.select.hgrm"));
}

TEST(WriteReportsTest, AnOpenLoopHasItsOwnColumns) {
  const auto directory = NewDirectory("open");
  const auto page = WriteAll(RichResults(3), directory);
  EXPECT_THAT(Text(page), AllOf(HasSubstr(">service p99 µs</th>"),
                                HasSubstr(">send lag p99 µs</th>")));
  EXPECT_THAT(Text(directory / "report.md"),
              HasSubstr("| service p99 µs | send lag p99 µs |"));
  const auto closed = NewDirectory("closed");
  EXPECT_THAT(Text(WriteAll(SampleResults(), closed)),
              Not(HasSubstr("service p99")));
  EXPECT_THAT(Text(closed / "report.md"), Not(HasSubstr("service p99")));
}

TEST(WriteReportsTest, ARateThatTheClientSetIsMarked) {
  const auto directory = NewDirectory("marks");
  Results results = SampleResults();
  auto page = WriteAll(results, directory);
  EXPECT_THAT(Text(page), HasSubstr(">1000*</td>"));
  EXPECT_THAT(Text(directory / "report.md"), HasSubstr("| 1.00k\\* |"));
  for (Trial& trial : results.trials) {
    trial.load.server_cpu_ns = trial.load.window_ns;
  }
  const auto without = NewDirectory("without");
  page = WriteAll(results, without);
  EXPECT_THAT(Text(page), HasSubstr(">1000</td>"));
  EXPECT_THAT(Text(without / "report.md"),
              AllOf(HasSubstr("| 1.00k |"), Not(HasSubstr("\\*"))));
}

TEST(WriteReportsTest, NamesAreFitForFiles) {
  EXPECT_THAT(NamesOf({"../../up", "-rf", ".hidden", "a b\n\x1b", "x@10%"}),
              ElementsAre("_._.._up.a.hgrm", "_rf.a.hgrm", "_hidden.a.hgrm",
                          "a_b__.a.hgrm", "x_10_.a.hgrm"));
}

TEST(WriteReportsTest, NamesAreUniqueAndBounded) {
  const std::string longest(245, '0');
  const auto names = NamesOf({"one", "ONE", "a/b", "a b", "a_b", longest,
                              longest + "1", longest + "2"});
  EXPECT_THAT(names, ElementsAre("one.a.hgrm", "ONE.a~2.hgrm", "a_b.a.hgrm",
                                 "a_b.a~2.hgrm", "a_b.a~3.hgrm",
                                 std::string(60, '0') + ".a.hgrm",
                                 std::string(60, '0') + ".a~2.hgrm",
                                 std::string(60, '0') + ".a~3.hgrm"));
  // What stands before and after the dot is not to be mixed up.
  Plan plan = SamplePlan();
  plan.scenarios.resize(2);
  plan.scenarios[0].name = "x.y";
  plan.scenarios[1].name = "x";
  plan.arms.resize(2);
  plan.arms[0].name = "z";
  plan.arms[1].name = "y.z";
  std::set<std::filesystem::path> different;
  for (const auto& name : ReportNames(plan)) different.insert(name);
  EXPECT_EQ(different.size(), ReportNames(plan).size());
}

// One that cannot be written costs no other.
TEST(WriteReportsTest, EachFileIsWrittenForItself) {
  const auto path = NewDirectory("each");
  const Results results = RichResults(3);
  OutputDirectory directory(path, ReportNames(results.plan));
  std::ofstream(path / "report.md") << "of somebody else";
  const auto unwritten = WriteReports(results, directory);
  ASSERT_EQ(unwritten.size(), 1u);
  EXPECT_EQ(unwritten[0].name, "report.md");
  EXPECT_EQ(unwritten[0].why, (path / "report.md").string() + ": File exists");
  EXPECT_EQ(Text(path / "report.md"), "of somebody else");
  EXPECT_THAT(Text(path / "report.html"), HasSubstr("</html>"));
  EXPECT_TRUE(exists(path / "results.json"));
  EXPECT_TRUE(exists(path / "latency" / "idle-90.epoll-et.hgrm"));
}

TEST(WriteReportsTest, ARunThatWasInterruptedAtOnceHasAReport) {
  Results results = SampleResults();
  results.trials.clear();
  results.complete = false;
  const auto page = WriteAll(results, NewDirectory("none"));
  EXPECT_THAT(Text(page),
              AllOf(HasSubstr("Nothing is known"), HasSubstr("(incomplete)"),
                    Not(HasSubstr("<svg class=\"chart"))));
}

TEST(WriteReportsTest, ALongRunHasAPageOfAtMostOneMebibyte) {
  Results results = RichResults(4);
  // As many trials as of 24 rounds of eight scenarios.
  const auto once = results.trials;
  for (int i = 0; i < 7; ++i) {
    for (Trial trial : once) {
      for (auto& [upper_ns, count] : trial.load.histogram) count += i * i;
      results.trials.push_back(trial);
    }
  }
  ASSERT_GT(results.trials.size(), 1100u);
  const std::string page =
      RenderPage(results, Analyze(results.plan, results.trials));
  EXPECT_LE(page.size(), std::size_t{1} << 20);
  EXPECT_THAT(page, HasSubstr("but the latency histograms of each arm added"));
}

}  // namespace
}  // namespace polymux::bench
