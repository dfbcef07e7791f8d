#include "bench/report/write_reports.h"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <string>
#include <system_error>

#include "bench/lab/analysis.h"
#include "bench/report/csv.h"
#include "bench/report/latencies.h"
#include "bench/report/markdown.h"
#include "bench/report/page.h"

namespace polymux::bench {
namespace {

void WriteFile(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) {
    throw std::system_error(errno, std::generic_category(),
                            "cannot write " + path.string());
  }
}

// `name` without what a file name must not contain.
std::string FileName(std::string name) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._#-";
  for (char& c : name) {
    if (kAllowed.find(c) == std::string_view::npos) c = '_';
  }
  return name;
}

// What an earlier comparison has left there is not of this one.
void RemoveLatencies(const std::filesystem::path& directory) {
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() == ".hgrm") {
      std::filesystem::remove(entry.path());
    }
  }
}

void WriteLatencies(const Results& results,
                    const std::filesystem::path& directory) {
  const Plan& plan = results.plan;
  std::filesystem::create_directories(directory);
  RemoveLatencies(directory);
  for (std::size_t i = 0; i < plan.scenarios.size(); ++i) {
    for (std::size_t arm = 0; arm < plan.arms.size(); ++arm) {
      const LatencyCounts counts = MergeLatencies(results, i, arm);
      if (counts.empty()) continue;
      const std::string name =
          plan.scenarios[i].name + "." + plan.arms[arm].name + ".hgrm";
      WriteFile(directory / FileName(name), RenderHgrm(counts));
    }
  }
}

}  // namespace

std::filesystem::path WriteReports(const Results& results,
                                   const std::filesystem::path& directory) {
  std::filesystem::create_directories(directory);
  const Analysis analysis = Analyze(results.plan, results.trials);
  WriteResults(results, directory / "results.json");
  WriteFile(directory / "results.csv", RenderCsv(results));
  WriteFile(directory / "report.md", RenderMarkdown(results, analysis));
  WriteLatencies(results, directory / "latency");
  std::filesystem::path page = directory / "report.html";
  WriteFile(page, RenderPage(results, analysis));
  return page;
}

}  // namespace polymux::bench
