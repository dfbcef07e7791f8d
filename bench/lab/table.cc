#include "bench/lab/table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "apps/flag_values.h"
#include "bench/lab/alarms.h"
#include "bench/lab/analysis.h"
#include "bench/lab/flags.h"
#include "bench/lab/metrics.h"
#include "bench/lab/model_text.h"
#include "bench/lab/notes.h"
#include "bench/lab/text.h"

namespace polymux::bench {
namespace {

constexpr std::string_view kNotAvailable = "n/a";

// One arm in one scenario.
struct Row {
  const Cell& cell;
  std::string_view arm;
  std::string_view verdict;
  bool is_client_bound;
};

// A column of figures: its two lines of heading, how wide it is with the blank
// before it, and what stands in it.
struct Column {
  std::string_view group;
  std::string_view heading;
  int width;
  std::string (*text)(const Row& row);
};

std::string Median(const Cell& cell, std::string_view metric) {
  const auto summary = cell.Find(metric);
  return summary ? FormatNumber(summary->median) : std::string(kNotAvailable);
}

// In a column's width.
std::string NarrowRatio(double ratio) {
  return ratio < 10 ? fmt::format("{:.3f}", ratio) : FormatNumber(ratio);
}

std::string Ratio(const Cell& cell) {
  if (cell.effect) {
    return (cell.effect->disturbed ? "~" : "") +
           NarrowRatio(cell.effect->ratio);
  }
  return cell.ratio ? NarrowRatio(cell.ratio->median) : "-";
}

// What is not 1 must not look like it: a verdict rests on that.
std::string FormatEnd(double end) {
  std::string text = NarrowRatio(end);
  if (end == 1 || text != "1.000") return text;
  return end < 1 ? "<1" : ">1";
}

std::string FormatInterval(const Effect& effect) {
  return fmt::format("[{}, {}]", FormatEnd(effect.low), FormatEnd(effect.high));
}

std::string RatioInterval(const Cell& cell) {
  return cell.effect ? FormatInterval(*cell.effect) : "";
}

// A rate that the load generator set ranks nobody.
std::string Rate(const Row& row) {
  return Median(row.cell, "messages_per_second") +
         (row.is_client_bound ? "*" : "");
}

std::string Percent(const Cell& cell, std::string_view metric) {
  const auto summary = cell.Find(metric);
  return summary ? fmt::format("{:.0f} %", summary->median * 100)
                 : std::string(kNotAvailable);
}

std::string Mebibytes(const Cell& cell) {
  const auto summary = cell.Find("rss_bytes");
  return summary ? fmt::format("{:.1f}", summary->median / (1 << 20))
                 : std::string(kNotAvailable);
}

// A group's heading stands over its last column, right-aligned.
constexpr std::array kCostColumns{
    Column{"server", "CPU us", 7,
           [](const Row& row) { return Median(row.cell, kPrimaryMetric); }},
    Column{"", "ratio", 7, [](const Row& row) { return Ratio(row.cell); }},
    Column{"to baseline", "[low, high]", 15,
           [](const Row& row) { return RatioInterval(row.cell); }},
    Column{"", "verdict", 13,
           [](const Row& row) { return std::string(row.verdict); }},
    Column{"", "msg/s", 8, Rate},
    Column{"", "p50", 6,
           [](const Row& row) { return Median(row.cell, "latency_p50_us"); }},
    Column{"", "p99", 6,
           [](const Row& row) { return Median(row.cell, "latency_p99_us"); }},
    Column{"latency us", "p99.9", 6,
           [](const Row& row) { return Median(row.cell, "latency_p999_us"); }},
};

// Of an open loop.  All arms are asked for the same rate, so that latencies
// compare; CPU per message at that rate is the server's and the idle machine's.
constexpr std::array kOpenLoopColumns{
    Column{"", "CPU us", 7,
           [](const Row& row) { return Median(row.cell, kPrimaryMetric); }},
    Column{"", "ratio", 7, [](const Row& row) { return Ratio(row.cell); }},
    Column{"", "verdict", 13,
           [](const Row& row) { return std::string(row.verdict); }},
    Column{
        "", "msg/s", 7,
        [](const Row& row) { return Median(row.cell, "messages_per_second"); }},
    Column{"", "p50", 6,
           [](const Row& row) { return Median(row.cell, "latency_p50_us"); }},
    Column{"", "p99", 6,
           [](const Row& row) { return Median(row.cell, "latency_p99_us"); }},
    Column{"latency us", "p99.9", 6,
           [](const Row& row) { return Median(row.cell, "latency_p999_us"); }},
    Column{"service", "p99", 9,
           [](const Row& row) { return Median(row.cell, "service_p99_us"); }},
    Column{"send lag", "p99", 9,
           [](const Row& row) { return Median(row.cell, "send_lag_p99_us"); }},
};

constexpr std::array kWhyColumns{
    Column{"", "calls", 8,
           [](const Row& row) {
             return Median(row.cell, "system_calls_per_message");
           }},
    Column{
        "", "waits", 7,
        [](const Row& row) { return Median(row.cell, "waits_per_message"); }},
    Column{
        "", "changes", 9,
        [](const Row& row) { return Median(row.cell, "changes_per_message"); }},
    Column{
        "", "reads", 7,
        [](const Row& row) { return Median(row.cell, "reads_per_message"); }},
    Column{"", "EAGAIN", 8,
           [](const Row& row) {
             return Median(row.cell, "eagain_reads_per_message");
           }},
    Column{
        "counted by the server, per message", "writes", 8,
        [](const Row& row) { return Median(row.cell, "writes_per_message"); }},
    Column{"", "server", 8,
           [](const Row& row) { return Percent(row.cell, kServerCpuShare); }},
    Column{"CPU used", "load", 7,
           [](const Row& row) { return Percent(row.cell, "load_cpu_share"); }},
    Column{"RSS", "MiB", 7, [](const Row& row) { return Mebibytes(row.cell); }},
};

constexpr std::array kCallColumns{
    Column{"events", "per wait", 9,
           [](const Row& row) { return Median(row.cell, "events_per_wait"); }},
    Column{"bytes", "per read", 9,
           [](const Row& row) { return Median(row.cell, "bytes_per_read"); }},
    Column{
        "", "user", 10,
        [](const Row& row) { return Median(row.cell, "user_us_per_message"); }},
    Column{"CPU us per message", "system", 9,
           [](const Row& row) {
             return Median(row.cell, "system_us_per_message");
           }},
    Column{"", "voluntary", 13,
           [](const Row& row) {
             return Median(row.cell, "voluntary_switches_per_1000");
           }},
    Column{"switches per 1000 messages", "involuntary", 14,
           [](const Row& row) {
             return Median(row.cell, "involuntary_switches_per_1000");
           }},
};

std::size_t ArmWidth(const Plan& plan) {
  std::size_t width = 9;
  for (const Arm& arm : plan.arms) width = std::max(width, arm.name.size());
  return width;
}

std::string Heading(std::span<const Column> columns, std::size_t arm_width) {
  std::string groups(arm_width, ' ');
  std::string headings = fmt::format("{:<{}}", "arm", arm_width);
  for (const Column& column : columns) {
    headings += fmt::format("{:>{}}", column.heading, column.width);
    groups.resize(
        std::max(groups.size(), headings.size() - column.group.size()), ' ');
    if (!column.group.empty()) {
      groups.resize(headings.size() - column.group.size(), ' ');
      groups += column.group;
    }
  }
  return groups + "\n" + headings + "\n";
}

std::string Line(std::span<const Column> columns, const Row& row,
                 std::size_t arm_width) {
  std::string line = fmt::format("{:<{}}", row.arm, arm_width);
  for (const Column& column : columns) {
    line += fmt::format("{:>{}}", column.text(row), column.width);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

// Why a row has no figures; empty when it has some.
std::string WithoutFigures(const Cell& cell) {
  if (!cell.obstacle.empty()) return "not measured: " + cell.obstacle;
  if (cell.valid_trials > 0) return {};
  return cell.invalid_trials == 0 ? "no trial yet"
                                  : "no valid trial, see below";
}

std::string_view VerdictWord(const Plan& plan, const Cell& cell) {
  const std::string& name = plan.arms[cell.arm].name;
  if (name == plan.baseline) return "baseline";
  if (name == plan.control) return "control";
  return cell.verdict ? ToString(*cell.verdict) : "-";
}

Row MakeRow(const Results& results, const Cell& cell) {
  return {.cell = cell,
          .arm = results.plan.arms[cell.arm].name,
          .verdict = VerdictWord(results.plan, cell),
          .is_client_bound = IsMostly(kClientBound, results.plan,
                                      results.trials, cell.scenario, cell.arm)};
}

std::string CostTable(const Results& results, std::span<const Cell> cells,
                      std::span<const Column> columns) {
  const std::size_t arm_width = ArmWidth(results.plan);
  std::string table = Heading(columns, arm_width);
  for (const Cell& cell : cells) {
    const Row row = MakeRow(results, cell);
    const std::string why = WithoutFigures(cell);
    table += why.empty()
                 ? Line(columns, row, arm_width)
                 : Wrap(fmt::format("{:<{}}  ", row.arm, arm_width), why);
  }
  return table;
}

// Empty when no cell has figures.
std::string WhyTable(const Results& results, std::span<const Cell> cells,
                     std::span<const Column> columns) {
  const std::size_t arm_width = ArmWidth(results.plan);
  std::string rows;
  for (const Cell& cell : cells) {
    if (!WithoutFigures(cell).empty()) continue;
    rows += Line(columns, MakeRow(results, cell), arm_width);
  }
  return rows.empty() ? "" : "\n" + Heading(columns, arm_width) + rows;
}

// What the counters say beside the verdicts.
std::string Reasons(const Plan& plan, std::span<const Cell> cells) {
  std::string reasons;
  for (const Cell& cell : cells) {
    if (cell.why.empty()) continue;
    reasons += Wrap(plan.arms[cell.arm].name + ": ", cell.why);
  }
  return reasons.empty() ? "" : "\n" + reasons;
}

std::string ScenarioText(const Results& results, std::span<const Cell> cells,
                         const Scenario& scenario) {
  const std::span<const Column> columns =
      scenario.rate ? std::span<const Column>(kOpenLoopColumns)
                    : std::span<const Column>(kCostColumns);
  return fmt::format(
      "\n{}\n{}{}{}{}", Wrap("", scenario.name + ": " + scenario.Describe()),
      CostTable(results, cells, columns), WhyTable(results, cells, kWhyColumns),
      WhyTable(results, cells, kCallColumns), Reasons(results.plan, cells));
}

// The cells of one scenario.
std::span<const Cell> CellsOf(const Plan& plan, std::span<const Cell> cells,
                              std::size_t scenario) {
  return cells.subspan(scenario * plan.arms.size(), plan.arms.size());
}

// "poll slower (1.204)"; the ratio alone without a verdict.
std::string ArmClause(const Plan& plan, const Cell& cell) {
  const std::string& name = plan.arms[cell.arm].name;
  if (!cell.verdict) return fmt::format("{} {} times", name, Ratio(cell));
  if (*cell.verdict == Verdict::kInconclusive) return name + " inconclusive";
  return fmt::format("{} {} ({})", name, ToString(*cell.verdict), Ratio(cell));
}

// Those of all arms but baseline and control. Several that are inconclusive
// come last, in one word.
std::vector<std::string> ArmClauses(const Plan& plan,
                                    std::span<const Cell> cells) {
  std::vector<std::string> clauses;
  std::vector<std::string> inconclusive;
  for (const Cell& cell : cells) {
    if (!cell.ratio || plan.arms[cell.arm].name == plan.control) continue;
    (cell.verdict == Verdict::kInconclusive ? inconclusive : clauses)
        .push_back(ArmClause(plan, cell));
  }
  if (inconclusive.size() == 1) {
    clauses.push_back(inconclusive.front());
  } else if (!inconclusive.empty()) {
    clauses.push_back(fmt::format("{} {} inconclusive",
                                  clauses.empty() ? "all" : "the other",
                                  inconclusive.size()));
  }
  return clauses;
}

// "5.02 us in idle-900 (poll slower (6.10), raw-epoll faster (0.95))"; empty
// without a figure of the baseline.
std::string Clause(const Plan& plan, std::span<const Cell> cells,
                   std::size_t scenario) {
  std::string clause;
  for (const Cell& cell : cells) {
    const auto cost = cell.Find(kPrimaryMetric);
    if (cost && plan.arms[cell.arm].name == plan.baseline) {
      clause = fmt::format("{} us in {}", FormatNumber(cost->median),
                           plan.scenarios[scenario].name);
    }
  }
  const auto others = ArmClauses(plan, cells);
  if (clause.empty() || others.empty()) return clause;
  return fmt::format("{}: {}", clause, fmt::join(others, ", "));
}

std::string Headline(const Plan& plan, std::span<const Cell> cells) {
  std::vector<std::string> clauses;
  for (std::size_t scenario = 0; scenario < plan.scenarios.size(); ++scenario) {
    const std::string clause =
        Clause(plan, CellsOf(plan, cells, scenario), scenario);
    if (!clause.empty()) clauses.push_back(clause);
  }
  if (clauses.empty()) {
    return fmt::format("Nothing is known of the baseline, {}.", plan.baseline);
  }
  return fmt::format("Server CPU per message: {} needs {}.", plan.baseline,
                     fmt::join(clauses, "; "));
}

std::string Conditions(const Results& results) {
  const Plan& plan = results.plan;
  return fmt::format("{}. Reactors {}, {} of {}, baseline {}.",
                     Describe(results.environment), plan.reactors,
                     Counted(RoundsRun(results), "round"),
                     FormatDuration(plan.window), plan.baseline);
}

}  // namespace

std::string RenderTable(const Results& results, Colour colour) {
  const Plan& plan = results.plan;
  const Analysis analysis = Analyze(plan, results.trials);
  std::string text = Wrap("", Headline(plan, analysis.cells));
  for (const std::string& alarm : Alarms(results, analysis)) {
    text += Red(Wrap("", alarm), colour);
  }
  text += Wrap("", Conditions(results));
  for (std::size_t i = 0; i < plan.scenarios.size(); ++i) {
    text += ScenarioText(results, CellsOf(plan, analysis.cells, i),
                         plan.scenarios[i]);
  }
  text += DescribeModels(
      plan, {analysis.models, analysis.crossovers, analysis.unmodelled});
  text += "\n";
  for (const std::string& note : Notes(results, analysis.cells)) {
    text += Wrap("- ", note);
  }
  return text;
}

}  // namespace polymux::bench
