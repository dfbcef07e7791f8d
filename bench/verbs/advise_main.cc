#include "bench/verbs/advise_main.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <optional>

#include "apps/flag_values.h"
#include "apps/user_path.h"
#include "bench/lab/alarms.h"
#include "bench/lab/analysis.h"
#include "bench/lab/console.h"
#include "bench/lab/exit_code.h"
#include "bench/lab/read_results.h"
#include "bench/lab/text.h"
#include "bench/lab/usage_error.h"
#include "bench/verbs/advice.h"

namespace polymux::bench {
namespace {

constexpr char kDescription[] =
    "Which backend for this workload? Reads a results file and says how far\n"
    "the workload is from what was measured. Measures nothing.";

constexpr char kFooter[] =
    "Examples:\n"
    "  polymux advise results.json --connections 5000 --active 1%\n"
    "  polymux advise results.json --connections 200 --active 200 --size 4k\n"
    "\n"
    "Exit code: 0, also when there is no detectable difference; 1 run-time\n"
    "error, also when the workload is too far from what was measured; 2 usage.";

// What the results say, with `basis` in it.
std::string Finding(const Advice& advice) {
  const std::optional<double>& cpu_us = advice.candidates.front().cpu_us;
  if (advice.recommended.size() == 1 && !cpu_us) {
    return fmt::format("Use {} ({}).", advice.recommended.front(),
                       ToString(advice.basis));
  }
  if (advice.recommended.size() == 1) {
    return fmt::format(
        "Use {}: about {} us of server CPU per message "
        "({}).",
        advice.recommended.front(), FormatCoefficient(*cpu_us),
        ToString(advice.basis));
  }
  return fmt::format(
      "No detectable difference between {} ({}): use any of them.",
      fmt::join(advice.recommended, ", "), ToString(advice.basis));
}

std::string Sentence(const Advice& advice) {
  if (advice.basis != Basis::kNearest) return Finding(advice);
  return fmt::format(
      "The results do not tell: this workload was not measured, and there is "
      "no cost model. Of the nearest one, {}, they say: {}",
      advice.nearest, Finding(advice));
}

void PrintList(const char* title, const std::vector<std::string>& list) {
  if (list.empty()) return;
  PrintResult("\n{}\n", title);
  for (const std::string& line : list) PrintResult("{}", Wrap("  - ", line));
}

// Empty: there is none.
std::string IntervalText(const std::optional<Interval>& interval) {
  if (!interval) return {};
  return fmt::format("[{} {}]", FormatCoefficient(interval->low),
                     FormatCoefficient(interval->high));
}

void PrintTable(const std::vector<Candidate>& candidates) {
  PrintResult("{:<14} {:>10} {:>15} {:>6} {:>13}  {}\n", "backend",
              "us/message", "interval", "ratio", "interval", "basis");
  for (const Candidate& candidate : candidates) {
    PrintResult("{:<14} {:>10} {:>15} {:>6} {:>13}  {}\n", candidate.arm,
                candidate.cpu_us ? FormatCoefficient(*candidate.cpu_us) : "n/a",
                IntervalText(candidate.cpu_interval),
                FormatCoefficient(candidate.ratio),
                IntervalText(candidate.ratio_interval),
                ToString(candidate.basis));
  }
}

void Print(const Advice& advice) {
  PrintResult("{}\n", Wrap("", Sentence(advice)));
  PrintTable(advice.candidates);
  PrintList("Not considered", advice.excluded);
  PrintList("Mind", advice.reservations);
  if (advice.basis == Basis::kMeasured && advice.recommended.size() == 1) {
    return;
  }
  if (advice.command.empty()) {
    PrintResult(
        "\n{}",
        Wrap("", "compare cannot settle it here: " + advice.no_command + "."));
    return;
  }
  PrintResult("\nThis would settle it:\n  {}\n", advice.command);
}

}  // namespace

// Throws UsageError.
Advice AdviseOn(const Results& results, const Analysis& analysis,
                Workload workload, const CountOrPercent& active) {
  const auto connections = static_cast<std::size_t>(workload.connections);
  const std::size_t senders = active.Of(connections);
  if (senders == 0 || senders > connections) {
    throw UsageError("--active is from 1 to --connections");
  }
  if (workload.message_size == 0) throw UsageError("--size is above 0");
  workload.active = static_cast<int>(senders);
  return Advise(results, analysis, workload);
}

int AdviseMain(int argc, char** argv) {
  std::string file;
  Workload workload;
  CountOrPercent active{.number = 100, .is_percent = true};
  CLI::App app(kDescription, argv[0]);
  app.footer(kFooter);
  app.add_option("RESULTS", file, "A results.json")->required()->type_name("");
  app.add_option("--connections", workload.connections,
                 "How many clients are connected")
      ->required()
      ->check(CLI::Range(1, 100'000'000).description(""))
      ->type_name("N");
  AddCountOrPercent(app, "--active", active,
                    "... of which so many send; the others are silent");
  AddSize(app, "--size", workload.message_size, "Size of a message");
  if (const auto exit_code = ParseFlags(app, argc, argv)) return *exit_code;
  return ExitCodeOf(argv[0], [&] {
    const Results results = ReadResults(UserPath(file));
    const Analysis analysis = Analyze(results.plan, results.trials);
    const Advice advice = AdviseOn(results, analysis, workload, active);
    for (const std::string& alarm : Alarms(results, analysis)) {
      PrintResult(Red(Wrap("", alarm), ColourOfStdout()));
    }
    Print(advice);
    return kExitOk;
  });
}

}  // namespace polymux::bench
