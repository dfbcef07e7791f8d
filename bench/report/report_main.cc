#include "bench/report/report_main.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "apps/flag_values.h"
#include "apps/printable_text.h"
#include "apps/user_path.h"
#include "bench/lab/analysis.h"
#include "bench/lab/condition.h"
#include "bench/lab/console.h"
#include "bench/lab/exit_code.h"
#include "bench/lab/read_results.h"
#include "bench/lab/table.h"
#include "bench/lab/validity.h"
#include "bench/report/report_output.h"

namespace polymux::bench {
namespace {

constexpr char kDescription[] =
    "Renders the results of `polymux compare` again: results.csv, report.md,\n"
    "report.html and latency/*.hgrm. Measures nothing.";

constexpr char kFooter[] =
    "Examples:\n"
    "  polymux report polymux-results/20260102-030405/results.json\n"
    "  polymux report results.json --out /tmp/report\n"
    "  polymux report results.json --fail-if 'echo-100/epoll-lt.p99 > 2ms'\n"
    "\n"
    "Exit code: 0; 1 run-time error, also when a file or stdout could not be\n"
    "written; 2 usage; 3 an arm has no valid trial or too many invalid ones, "
    "or\n"
    "a condition is n/a; 4 a --fail-if condition holds.";

// The exit code.
int Report(const std::filesystem::path& file, const std::filesystem::path& out,
           const std::vector<std::string>& fail_if) {
  const Results results = ReadResults(file);
  const auto conditions = ParseConditions(fail_if, results.plan);
  const Analysis analysis = Analyze(results.plan, results.trials);
  const ReportOutcome written =
      out.empty() ? WriteReportBeside(file.parent_path(), results, analysis)
                  : WriteReportTo(out, results, analysis);
  for (const std::string& problem : written.unwritten) {
    TellUser("cannot write {}\n", PrintableLines(problem));
  }
  PrintResult("{}\n", RenderTable(results, ColourOfStdout()));
  if (!written.page.empty()) {
    PrintResult("{}\n", PrintableLine(written.page.string()));
  }
  const int judgement =
      std::max(IsUsable(results.plan, analysis) ? kExitOk : kExitInvalid,
               JudgeConditions(conditions, results.plan, analysis));
  if (judgement != kExitOk) return judgement;
  return written.unwritten.empty() ? kExitOk : kExitRunTimeError;
}

}  // namespace

int ReportMain(int argc, char** argv) {
  CLI::App app(kDescription, argv[0]);
  app.footer(kFooter + DescribeConditions());
  std::string file;
  std::string out;
  std::vector<std::string> fail_if;
  app.add_option("FILE", file, "results.json of a comparison")
      ->required()
      ->type_name("");
  app.add_option("--out", out,
                 "Where the report goes; none that is there already\n"
                 "is replaced (default: beside FILE, or in report-2\n"
                 "there, and so on)")
      ->type_name("DIR");
  app.add_option("--fail-if", fail_if,
                 "Exit with 4 under this condition; may be repeated")
      ->allow_extra_args(false)
      ->type_name("CONDITION");
  if (const auto exit_code = ParseFlags(app, argc, argv)) return *exit_code;
  return ExitCodeOf(argv[0], [&] {
    return Report(UserPath(file), out.empty() ? out : UserPath(out).string(),
                  fail_if);
  });
}

}  // namespace polymux::bench
