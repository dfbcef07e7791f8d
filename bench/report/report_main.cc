#include "bench/report/report_main.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include "apps/flag_values.h"
#include "apps/user_path.h"
#include "bench/lab/analysis.h"
#include "bench/lab/condition.h"
#include "bench/lab/read_results.h"
#include "bench/lab/table.h"
#include "bench/lab/usage_error.h"
#include "bench/lab/validity.h"
#include "bench/report/write_reports.h"

namespace polymux::bench {
namespace {

constexpr int kRunTimeError = 1;
constexpr int kUsageError = 2;
constexpr int kInvalid = 3;

// Returns the exit code.
int Report(const std::filesystem::path& file,
           const std::filesystem::path& directory,
           const std::vector<std::string>& fail_if) {
  const Results results = ReadResults(file);
  const auto conditions = ParseConditions(fail_if, results.plan);
  const auto page = WriteReports(results, directory);
  fmt::print("{}\n{}\n", RenderTable(results, ColourOfStdout()), page.string());
  const Analysis analysis = Analyze(results.plan, results.trials);
  return std::max(LacksArm(analysis) ? kInvalid : 0,
                  JudgeConditions(conditions, results.plan, analysis));
}

}  // namespace

int ReportMain(int argc, char** argv) {
  CLI::App app(
      "Renders the results of `polymux compare` again: results.csv, report.md, "
      "report.html and latency/*.hgrm. Measures nothing.",
      argv[0]);
  std::string file;
  std::string directory;
  std::vector<std::string> fail_if;
  app.add_option("FILE", file, "results.json of a comparison")->required();
  app.add_option("--out", directory,
                 "Where the report goes\n(default: beside FILE)");
  app.add_option("--fail-if", fail_if,
                 "Exit with 4 under this condition, with 3 when it is\n"
                 "n/a; may be repeated")
      ->allow_extra_args(false)
      ->type_name("CONDITION");
  if (const auto exit_code = ParseFlags(app, argc, argv)) return *exit_code;
  try {
    const auto path = UserPath(file);
    return Report(path,
                  directory.empty() ? path.parent_path() : UserPath(directory),
                  fail_if);
  } catch (const UsageError& error) {
    fmt::print(stderr, "{}: {}\n", argv[0], error.what());
    return kUsageError;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", argv[0], error.what());
    return kRunTimeError;
  }
}

}  // namespace polymux::bench
