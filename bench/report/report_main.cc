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

constexpr char kDescription[] =
    "Renders the results of `polymux compare` again: results.csv, report.md,\n"
    "report.html and latency/*.hgrm. Measures nothing.";

constexpr char kFooter[] =
    "Examples:\n"
    "  polymux report polymux-results/20260102-030405/results.json\n"
    "  polymux report results.json --out /tmp/report\n"
    "  polymux report results.json --fail-if 'echo-100/epoll-lt.p99 > 2ms'\n"
    "\n"
    "Exit code: 0; 1 run-time error; 2 usage; 3 an arm has no valid trial,\n"
    "or a condition is n/a; 4 a --fail-if condition holds.";

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
  CLI::App app(kDescription, argv[0]);
  app.footer(kFooter + DescribeConditions());
  std::string file;
  std::string directory;
  std::vector<std::string> fail_if;
  app.add_option("FILE", file, "results.json of a comparison")
      ->required()
      ->type_name("");
  app.add_option("--out", directory,
                 "Where the report goes\n(default: beside FILE)")
      ->type_name("DIR");
  app.add_option("--fail-if", fail_if,
                 "Exit with 4 under this condition; may be repeated")
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
