#include "bench/report/report_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

#include "bench/lab/output_directory.h"
#include "bench/lab/text_file.h"
#include "bench/lab/usage_error.h"
#include "bench/report/write_reports.h"

namespace polymux::bench {
namespace {

// A file of a report with what it is to contain.
struct Rendered {
  std::filesystem::path name;
  std::string content;
};

std::vector<Rendered> Render(const Results& results, const Analysis& analysis) {
  std::vector<Rendered> report;
  for (const ReportFile& file : ReportFiles(results, analysis)) {
    std::string content = file.content();
    if (!content.empty()) report.push_back({file.name, std::move(content)});
  }
  return report;
}

bool Holds(const std::filesystem::path& file, const std::string& content) {
  return std::filesystem::is_regular_file(file) &&
         std::filesystem::file_size(file) == content.size() &&
         ReadTextFile(file, content.size()) == content;
}

// Throws UsageError when something else is in the way.
ReportOutcome Write(std::vector<Rendered> report,
                    const std::filesystem::path& path) {
  ReportOutcome outcome{.page = path / kPageFile, .unwritten = {}};
  std::erase_if(report, [&path](const Rendered& file) {
    return Holds(path / file.name, file.content);
  });
  if (report.empty()) return outcome;
  std::vector<std::filesystem::path> names;
  std::ranges::transform(report, std::back_inserter(names), &Rendered::name);
  OutputDirectory directory(path, names);
  for (const Rendered& file : report) {
    try {
      directory.Write(file.name, file.content);
    } catch (const std::exception& error) {
      outcome.unwritten.emplace_back(error.what());
      if (file.name == kPageFile) outcome.page.clear();
    }
  }
  return outcome;
}

// What fails before the first file is a failure of all.
template <typename WriteReport>
ReportOutcome Attempt(WriteReport write) {
  try {
    return write();
  } catch (const std::system_error& error) {
    return {.page = {}, .unwritten = {error.what()}};
  }
}

}  // namespace

ReportOutcome WriteReportTo(const std::filesystem::path& directory,
                            const Results& results, const Analysis& analysis) {
  return Attempt([&] { return Write(Render(results, analysis), directory); });
}

ReportOutcome WriteReportBeside(const std::filesystem::path& directory,
                                const Results& results,
                                const Analysis& analysis) {
  constexpr int kMostReports = 1000;
  std::vector<Rendered> report = Render(results, analysis);
  std::erase_if(report,
                [](const Rendered& file) { return file.name == kResultsFile; });
  std::filesystem::path path = directory;
  for (int i = 2;; ++i) {
    try {
      return Attempt([&] { return Write(report, path); });
    } catch (const UsageError&) {
      if (i == kMostReports) throw;
      path = directory / fmt::format("report-{}", i);
    }
  }
}

}  // namespace polymux::bench
