#include "bench/report/write_reports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

#include "bench/report/page.h"
#include "tests/bench/lab_samples.h"
#include "tests/bench/report/report_samples.h"

namespace polymux::bench {
namespace {

using std::filesystem::exists;
using testing::AllOf;
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

TEST(WriteReportsTest, WritesAllFiles) {
  const auto directory = NewDirectory("all") / "made";
  const auto page = WriteReports(RichResults(3), directory);
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
  const auto page = WriteReports(RichResults(3), directory);
  EXPECT_THAT(Text(page), AllOf(HasSubstr(">service p99 µs</th>"),
                                HasSubstr(">send lag p99 µs</th>")));
  EXPECT_THAT(Text(directory / "report.md"),
              HasSubstr("| service p99 µs | send lag p99 µs |"));
  WriteReports(SampleResults(), directory);
  EXPECT_THAT(Text(page), Not(HasSubstr("service p99")));
  EXPECT_THAT(Text(directory / "report.md"), Not(HasSubstr("service p99")));
}

TEST(WriteReportsTest, ARateThatTheClientSetIsMarked) {
  const auto directory = NewDirectory("marks");
  Results results = SampleResults();
  auto page = WriteReports(results, directory);
  EXPECT_THAT(Text(page), HasSubstr(">1000*</td>"));
  EXPECT_THAT(Text(directory / "report.md"), HasSubstr("| 1.00k\\* |"));
  for (Trial& trial : results.trials) {
    trial.load.server_cpu_ns = trial.load.window_ns;
  }
  page = WriteReports(results, directory);
  EXPECT_THAT(Text(page), HasSubstr(">1000</td>"));
  EXPECT_THAT(Text(directory / "report.md"),
              AllOf(HasSubstr("| 1.00k |"), Not(HasSubstr("\\*"))));
}

TEST(WriteReportsTest, ANameCannotLeaveTheDirectory) {
  Results results = SampleResults();
  results.plan.scenarios[0].name = "../../up";
  const auto directory = NewDirectory("names");
  WriteReports(results, directory);
  EXPECT_TRUE(exists(directory / "latency" / ".._.._up.base.hgrm"));
}

TEST(WriteReportsTest, NoLatenciesOfAnEarlierRunStay) {
  const auto directory = NewDirectory("again");
  WriteReports(RichResults(3), directory);
  std::ofstream(directory / "latency" / "mine.txt") << "kept";
  WriteReports(SampleResults(), directory);
  EXPECT_FALSE(exists(directory / "latency" / "idle-90.epoll-et.hgrm"));
  EXPECT_TRUE(exists(directory / "latency" / "small.base.hgrm"));
  EXPECT_TRUE(exists(directory / "latency" / "mine.txt"));
}

TEST(WriteReportsTest, ARunThatWasInterruptedAtOnceHasAReport) {
  Results results = SampleResults();
  results.trials.clear();
  results.complete = false;
  const auto page = WriteReports(results, NewDirectory("none"));
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

TEST(WriteReportsTest, SaysWhatCannotBeWritten) {
  EXPECT_THROW(WriteReports(SampleResults(), "/proc/no/such"),
               std::system_error);
}

}  // namespace
}  // namespace polymux::bench
