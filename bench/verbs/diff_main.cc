#include "bench/verbs/diff_main.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <nlohmann/json.hpp>
#include <optional>

#include "apps/flag_values.h"
#include "apps/user_path.h"
#include "bench/lab/analysis.h"
#include "bench/lab/condition.h"
#include "bench/lab/percentage.h"
#include "bench/lab/read_results.h"
#include "bench/lab/text.h"
#include "bench/lab/usage_error.h"
#include "bench/verbs/difference.h"
#include "bench/verbs/exit_codes.h"

namespace polymux::bench {
namespace {

constexpr char kDescription[] =
    "Compares two results files: what changed from A to B, in server CPU per\n"
    "message. Measures nothing.";

constexpr char kFooter[] =
    "Examples:\n"
    "  polymux diff old/results.json new/results.json\n"
    "  polymux diff old.json new.json --fail-if 'echo-100/epoll-lt.ratio > "
    "105%'\n"
    "\n"
    "When both have the same baseline, the verdict is about the ratios to it,\n"
    "in which a change of the whole machine cancels. In --fail-if, ratio is\n"
    "the one of the verdict and the other metrics are those of B.\n"
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
  fmt::print("  {:<20} {:>6} -> {:>6} us  {:>3} and {:>3} rounds  {}\n",
             difference.arm, FormatNumber(difference.median_a),
             FormatNumber(difference.median_b), difference.rounds_a,
             difference.rounds_b, ToString(difference.verdict));
  fmt::print("    {:<32} {}  p {:.4f}\n", "B/A", Describe(difference.ratio),
             difference.p_value);
  if (!difference.relative) return;
  fmt::print("    {:<32} {}\n", "B/A, each over " + baseline,
             Describe(*difference.relative));
}

void PrintList(const char* title, const std::vector<std::string>& list) {
  if (list.empty()) return;
  fmt::print("\n{}\n", title);
  for (const std::string& line : list) fmt::print("{}", Wrap("  - ", line));
}

void PrintText(const DifferenceReport& report) {
  fmt::print("{}\n", Sentence(report));
  std::string scenario;
  for (const Difference& difference : report.differences) {
    if (difference.scenario != scenario) {
      scenario = difference.scenario;
      fmt::print("\n{}: server CPU per message\n", scenario);
    }
    PrintDifference(difference, report.baseline);
  }
  PrintList("Drift: A and B differ in more than the server", report.drift);
  PrintList("Not compared", report.missing);
  fmt::print("\n{}",
             Wrap("",
                  "Intervals: bootstrap of the rounds, corrected over the arms "
                  "of a scenario. p: Mann-Whitney, B/A. A single run each "
                  "says nothing of how much runs differ; compare measures "
                  "both in turn, which is better."));
}

nlohmann::ordered_json EstimateJson(const Estimate& estimate) {
  return {{"value", estimate.value},
          {"low", estimate.low},
          {"high", estimate.high}};
}

void PrintJson(const DifferenceReport& report) {
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
      {"differences", differences},
      {"drift", report.drift},
      {"not_compared", report.missing}};
  fmt::print("{}\n",
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

int Diff(const Options& options) {
  const Results a = ReadResults(UserPath(options.a));
  const Results b = ReadResults(UserPath(options.b));
  const std::vector<Condition> conditions =
      ParseConditions(options.fail_if, b.plan);
  const DifferenceReport report =
      Compare(a, b, options.margin.value_or(a.plan.margin));
  if (options.as_json) {
    PrintJson(report);
  } else {
    PrintText(report);
  }
  const int exit_code = Judge(conditions, b, report);
  if (exit_code != kExitOk) return exit_code;
  return report.differences.empty() ? kExitInvalid : kExitOk;
}

}  // namespace

int DiffMain(int argc, char** argv) {
  Options options;
  CLI::App app(kDescription, argv[0]);
  app.footer(kFooter + DescribeConditions());
  app.add_option("A", options.a, "A results.json: before")
      ->required()
      ->type_name("");
  app.add_option("B", options.b, "Another one: after")
      ->required()
      ->type_name("");
  AddPercentage(app, "--margin", options.margin,
                "What is too small to matter\n"
                "(default: as A was measured)");
  app.add_option("--fail-if", options.fail_if,
                 "Exit with 4 under this condition; may be repeated")
      ->allow_extra_args(false)
      ->type_name("CONDITION");
  app.add_flag("--json", options.as_json, "The comparison as JSON");
  if (const auto exit_code = ParseFlags(app, argc, argv)) return *exit_code;
  try {
    return Diff(options);
  } catch (const UsageError& error) {
    fmt::print(stderr, "{}: {}\n", argv[0], error.what());
    return kExitUsage;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: {}\n", argv[0], error.what());
    return kExitRunTimeError;
  }
}

}  // namespace polymux::bench
