#include "bench/report/write_reports.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "bench/report/csv.h"
#include "bench/report/latencies.h"
#include "bench/report/markdown.h"
#include "bench/report/page.h"

namespace polymux::bench {
namespace {

// So that a file name made of two has less than 144 bytes, which is what some
// file systems that encrypt names can take.
constexpr std::size_t kMostOfName = 60;

// `name` without what a file name must not contain, or not begin with.
std::string FileName(std::string name) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._#-";
  name.resize(std::min(name.size(), kMostOfName));
  for (char& c : name) {
    if (kAllowed.find(c) == std::string_view::npos) c = '_';
  }
  if (name.starts_with('.') || name.starts_with('-')) name.front() = '_';
  return name;
}

// What a file system that takes upper case for lower case makes of it.
std::string Folded(std::string name) {
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return name;
}

// Of each scenario and, within it, each arm: SCENARIO.ARM.hgrm.  Of what would
// be equal the second has ~2 (which no name has), and so on.
std::vector<std::filesystem::path> LatencyNames(const Plan& plan) {
  std::vector<std::filesystem::path> names;
  std::set<std::string> taken;
  for (const Scenario& scenario : plan.scenarios) {
    for (const Arm& arm : plan.arms) {
      const std::string name =
          FileName(scenario.name) + "." + FileName(arm.name);
      std::string unique = name;
      for (int i = 2; !taken.insert(Folded(unique)).second; ++i) {
        unique = fmt::format("{}~{}", name, i);
      }
      names.push_back(std::filesystem::path("latency") / (unique + ".hgrm"));
    }
  }
  return names;
}

std::string Latencies(const Results& results, std::size_t scenario,
                      std::size_t arm) {
  const LatencyCounts counts = MergeLatencies(results, scenario, arm);
  return counts.empty() ? "" : RenderHgrm(counts);
}

}  // namespace

std::vector<ReportFile> ReportFiles(const Results& results,
                                    const Analysis& analysis) {
  std::vector<ReportFile> files{
      {kResultsFile, [&results] { return ToJson(results); }},
      {"results.csv", [&results] { return RenderCsv(results); }},
      {"report.md", [&] { return RenderMarkdown(results, analysis); }},
      {kPageFile, [&] { return RenderPage(results, analysis); }}};
  const std::size_t arms = results.plan.arms.size();
  std::size_t index = 0;
  for (auto& name : LatencyNames(results.plan)) {
    files.push_back({std::move(name),
                     [&results, scenario = index / arms, arm = index % arms] {
                       return Latencies(results, scenario, arm);
                     }});
    ++index;
  }
  return files;
}

std::vector<std::filesystem::path> ReportNames(const Plan& plan) {
  const Results nothing{.environment = {}, .plan = plan};
  const Analysis analysis;
  std::vector<std::filesystem::path> names;
  for (const ReportFile& file : ReportFiles(nothing, analysis)) {
    names.push_back(file.name);
  }
  return names;
}

std::vector<UnwrittenFile> WriteReports(const Results& results,
                                        OutputDirectory& directory) {
  const Analysis analysis = Analyze(results.plan, results.trials);
  std::vector<UnwrittenFile> unwritten;
  for (const ReportFile& file : ReportFiles(results, analysis)) {
    try {
      const std::string content = file.content();
      if (!content.empty()) directory.Write(file.name, content);
    } catch (const std::system_error& error) {
      unwritten.push_back({file.name, error.what()});
    } catch (const std::exception& error) {
      unwritten.push_back(
          {file.name, fmt::format("{}: {}", file.name.string(), error.what())});
    }
  }
  return unwritten;
}

}  // namespace polymux::bench
