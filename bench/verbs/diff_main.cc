#include "bench/verbs/diff_main.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "apps/flag_values.h"
#include "apps/user_path.h"
#include "bench/lab/analysis.h"
#include "bench/lab/condition.h"
#include "bench/lab/console.h"
#include "bench/lab/exit_code.h"
#include "bench/lab/percentage.h"
#include "bench/lab/read_results.h"
#include "bench/lab/text.h"
#include "bench/lab/usage_error.h"
#include "bench/verbs/difference.h"

namespace polymux::bench {
namespace {

// With fewer on a side, see docs/verbs.md, intervals are too narrow.
constexpr int kFewRuns = 3;

constexpr char kDescription[] =
    "Compares results files: what changed from A to B, in server CPU per\n"
    "message. Measures nothing.";

constexpr char kFooter[] =
    "Examples:\n"
    "  polymux diff old/results.json new/results.json\n"
    "  polymux diff old.json new.json --fail-if 'echo-100/epoll-lt.ratio > "
    "105%'\n"
    "  polymux diff old/ new/     # each with several runs: "
    "old/1/results.json...\n"
    "\n"
    "When both have the same baseline, the verdict is about the ratios to it,\n"
    "in which a change of the whole machine cancels. In --fail-if, ratio is\n"
    "the one of the verdict and the other metrics are those of B, if it is\n"
    "one run.\n"
    "Exit code: 0; 1 run-time error; 2 usage; 3 nothing could be compared, or\n"
    "a condition is n/a; 4 a --fail-if condition holds.";

struct Options {
  std::string a;
  std::string b;
  std::optional<double> margin;
  bool as_json = false;
  std::vector<std::string> fail_if;
};

int Count(const DifferenceReport& report, Verdict verdict) {
  return static_cast<int>(
      std::ranges::count(report.differences, verdict, &Difference::verdict));
}

std::string Sentence(const DifferenceReport& report) {
  return fmt::format(
      "From A to B: {} slower, {} faster, {} equivalent, {} inconclusive.",
      Count(report, Verdict::kSlower), Count(report, Verdict::kFaster),
      Count(report, Verdict::kEquivalent),
      Count(report, Verdict::kInconclusive));
}

std::string Describe(const Estimate& estimate) {
  return fmt::format("{:.3f}  [{:.3f} {:.3f}]", estimate.value, estimate.low,
                     estimate.high);
}

void PrintDifference(const Difference& difference,
                     const std::string& baseline) {
  PrintResult("  {:<20} {:>6} -> {:>6} us  {:>3} and {:>3} rounds  {}\n",
              difference.arm, FormatNumber(difference.median_a),
              FormatNumber(difference.median_b), difference.rounds_a,
              difference.rounds_b, ToString(difference.verdict));
  PrintResult("    {:<32} {}  p {:.4f}\n", "B/A", Describe(difference.ratio),
              difference.p_value);
  if (!difference.relative) return;
  PrintResult("    {:<32} {}\n", "B/A, each over " + baseline,
              Describe(*difference.relative));
}

void PrintList(const char* title, const std::vector<std::string>& list) {
  if (list.empty()) return;
  PrintResult("\n{}\n", title);
  for (const std::string& line : list) PrintResult("{}", Wrap("  - ", line));
}

std::string Method(int runs_a, int runs_b) {
  constexpr char kInTurn[] = "compare measures both in turn, which is better.";
  if (runs_a == 1 && runs_b == 1) {
    return fmt::format(
        "Intervals: bootstrap of the rounds, corrected over the arms of a "
        "scenario. p: Mann-Whitney, B/A. A single run each says nothing of how "
        "much runs differ; {}",
        kInTurn);
  }
  return fmt::format(
      "{} of A and {} of B. Intervals: hierarchical bootstrap, of the runs and "
      "of the rounds in them, corrected over the arms of a scenario. p: "
      "Mann-Whitney of the runs' medians, B/A. {}",
      Counted(runs_a, "run"), Counted(runs_b, "run"),
      std::min(runs_a, runs_b) < kFewRuns
          ? fmt::format("With fewer than {} runs on a side intervals are too "
                        "narrow where runs differ; {}",
                        kFewRuns, kInTurn)
          : std::string(kInTurn));
}

void PrintText(const DifferenceReport& report, int runs_a, int runs_b) {
  PrintResult("{}\n", Sentence(report));
  std::string scenario;
  for (const Difference& difference : report.differences) {
    if (difference.scenario != scenario) {
      scenario = difference.scenario;
      PrintResult("\n{}: server CPU per message\n", scenario);
    }
    PrintDifference(difference, report.baseline);
  }
  PrintList("Drift: A and B differ in more than the server", report.drift);
  PrintList("Not compared", report.missing);
  PrintResult("\n{}", Wrap("", Method(runs_a, runs_b)));
}

nlohmann::ordered_json EstimateJson(const Estimate& estimate) {
  return {{"value", estimate.value},
          {"low", estimate.low},
          {"high", estimate.high}};
}

void PrintJson(const DifferenceReport& report, int runs_a, int runs_b) {
  using Json = nlohmann::ordered_json;
  Json differences = Json::array();
  for (const Difference& difference : report.differences) {
    differences.push_back(
        {{"scenario", difference.scenario},
         {"arm", difference.arm},
         {"a_us_per_message", difference.median_a},
         {"b_us_per_message", difference.median_b},
         {"rounds_a", difference.rounds_a},
         {"rounds_b", difference.rounds_b},
         {"ratio", EstimateJson(difference.ratio)},
         {"p_value", difference.p_value},
         {"relative_ratio", difference.relative
                                ? EstimateJson(*difference.relative)
                                : Json(nullptr)},
         {"verdict", ToString(difference.verdict)}});
  }
  const Json document{
      {"baseline",
       report.baseline.empty() ? Json(nullptr) : Json(report.baseline)},
      {"runs_a", runs_a},
      {"runs_b", runs_b},
      {"differences", differences},
      {"drift", report.drift},
      {"not_compared", report.missing}};
  PrintResult("{}\n",
              document.dump(1, ' ', false, Json::error_handler_t::replace));
}

// The analysis of B, with B over A in place of the ratios to the baseline.
Analysis WithRatios(const Results& b, const DifferenceReport& report) {
  Analysis analysis = Analyze(b.plan, b.trials);
  for (Cell& cell : analysis.cells) {
    cell.ratio.reset();
    cell.effect.reset();
    for (const Difference& difference : report.differences) {
      if (difference.scenario != b.plan.scenarios[cell.scenario].name ||
          difference.arm != b.plan.arms[cell.arm].name) {
        continue;
      }
      const Estimate& estimate = difference.preferred();
      cell.effect = Effect{.ratio = estimate.value,
                           .low = estimate.low,
                           .high = estimate.high,
                           .rounds = difference.rounds_b};
    }
  }
  return analysis;
}

int Judge(const std::vector<Condition>& conditions, const Results& b,
          const DifferenceReport& report) {
  Plan plan = b.plan;
  plan.baseline.clear();  // Its ratio is not 1 here.
  return JudgeConditions(conditions, plan, WithRatios(b, report));
}

// The runs that `path` stands for: a results file, or all results.json files
// in a directory and below it, by name.
std::vector<Results> ReadRuns(const std::string& path) {
  const std::filesystem::path given = UserPath(path);
  if (!std::filesystem::is_directory(given)) return {ReadResults(given)};
  std::vector<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(given)) {
    if (entry.path().filename() == "results.json") {
      files.push_back(entry.path());
    }
  }
  if (files.empty()) {
    throw std::runtime_error(path + ": no results.json in it");
  }
  std::ranges::sort(files);
  std::vector<Results> runs;
  runs.reserve(files.size());
  for (const auto& file : files) runs.push_back(ReadResults(file));
  return runs;
}

std::vector<Condition> ConditionsOn(const std::vector<Results>& b,
                                    const std::vector<std::string>& texts) {
  auto conditions = ParseConditions(texts, b.front().plan);
  for (const Condition& condition : conditions) {
    if (b.size() > 1 && condition.metric != kRatio) {
      throw UsageError(fmt::format(
          "--fail-if '{}': {} is one run's, and B is {} of them; only ratio is "
          "known",
          condition.text, condition.metric, b.size()));
    }
  }
  return conditions;
}

int Diff(const Options& options) {
  const auto a = ReadRuns(options.a);
  const auto b = ReadRuns(options.b);
  const auto conditions = ConditionsOn(b, options.fail_if);
  const auto runs_a = static_cast<int>(a.size());
  const auto runs_b = static_cast<int>(b.size());
  const DifferenceReport report =
      Compare(a, b, options.margin.value_or(a.front().plan.margin));
  if (options.as_json) {
    PrintJson(report, runs_a, runs_b);
  } else {
    PrintText(report, runs_a, runs_b);
  }
  const int exit_code = Judge(conditions, b.front(), report);
  if (exit_code != kExitOk) return exit_code;
  return report.differences.empty() ? kExitInvalid : kExitOk;
}

}  // namespace

int DiffMain(int argc, char** argv) {
  Options options;
  CLI::App app(kDescription, argv[0]);
  app.footer(kFooter + DescribeConditions());
  app.add_option("A", options.a,
                 "Before: a results file, or a directory of several")
      ->required()
      ->type_name("");
  app.add_option("B", options.b, "After: the same")->required()->type_name("");
  AddPercentage(app, "--margin", options.margin,
                "What is too small to matter\n"
                "(default: as A was measured)");
  app.add_option("--fail-if", options.fail_if,
                 "Exit with 4 under this condition; may be repeated")
      ->allow_extra_args(false)
      ->type_name("CONDITION");
  app.add_flag("--json", options.as_json, "The comparison as JSON");
  if (const auto exit_code = ParseFlags(app, argc, argv)) return *exit_code;
  return ExitCodeOf(argv[0], [&] { return Diff(options); });
}

}  // namespace polymux::bench
