#include "bench/lab/table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "apps/flag_values.h"
#include "bench/lab/analysis.h"
#include "bench/lab/metrics.h"
#include "bench/lab/notes.h"
#include "bench/lab/text.h"

namespace polymux::bench {
namespace {

constexpr std::string_view kNotAvailable = "n/a";

// A column of figures: its two lines of heading, how wide it is with the blank
// before it, and what stands in it.
struct Column {
  std::string_view group;
  std::string_view heading;
  int width;
  std::string (*text)(const Cell& cell);
};

std::string Median(const Cell& cell, std::string_view metric) {
  const auto summary = cell.Find(metric);
  return summary ? FormatNumber(summary->median) : std::string(kNotAvailable);
}

std::string FormatRatio(double ratio) {
  return ratio < 10 ? fmt::format("{:.3f}", ratio) : FormatNumber(ratio);
}

std::string RatioMedian(const Cell& cell) {
  return cell.ratio ? FormatRatio(cell.ratio->median) : "-";
}

std::string RatioRange(const Cell& cell) {
  if (!cell.ratio) return "";
  return fmt::format("{}..{}", FormatRatio(cell.ratio->min),
                     FormatRatio(cell.ratio->max));
}

std::string CpuRange(const Cell& cell) {
  const auto summary = cell.Find(kPrimaryMetric);
  if (!summary) return "";
  return fmt::format("{}..{}", FormatNumber(summary->min),
                     FormatNumber(summary->max));
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
    Column{"", "median", 8,
           [](const Cell& cell) { return Median(cell, kPrimaryMetric); }},
    Column{"server CPU us/message", "min..max", 13, CpuRange},
    Column{"", "median", 8, RatioMedian},
    Column{"ratio to baseline", "min..max", 13, RatioRange},
    Column{
        "", "msg/s", 8,
        [](const Cell& cell) { return Median(cell, "messages_per_second"); }},
    Column{"", "p50", 6,
           [](const Cell& cell) { return Median(cell, "latency_p50_us"); }},
    Column{"", "p99", 6,
           [](const Cell& cell) { return Median(cell, "latency_p99_us"); }},
    Column{"latency us", "p99.9", 6,
           [](const Cell& cell) { return Median(cell, "latency_p999_us"); }},
};

constexpr std::array kWhyColumns{
    Column{"", "calls", 8,
           [](const Cell& cell) {
             return Median(cell, "system_calls_per_message");
           }},
    Column{"", "waits", 7,
           [](const Cell& cell) { return Median(cell, "waits_per_message"); }},
    Column{
        "", "changes", 9,
        [](const Cell& cell) { return Median(cell, "changes_per_message"); }},
    Column{"", "reads", 7,
           [](const Cell& cell) { return Median(cell, "reads_per_message"); }},
    Column{"", "EAGAIN", 8,
           [](const Cell& cell) {
             return Median(cell, "eagain_reads_per_message");
           }},
    Column{"counted by the server, per message", "writes", 8,
           [](const Cell& cell) { return Median(cell, "writes_per_message"); }},
    Column{"", "server", 8,
           [](const Cell& cell) { return Percent(cell, kServerCpuShare); }},
    Column{"CPU used", "load", 7,
           [](const Cell& cell) { return Percent(cell, "load_cpu_share"); }},
    Column{"RSS", "MiB", 7, Mebibytes},
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

std::string Row(std::span<const Column> columns, const Cell& cell,
                std::string_view arm, std::size_t arm_width) {
  std::string row = fmt::format("{:<{}}", arm, arm_width);
  for (const Column& column : columns) {
    row += fmt::format("{:>{}}", column.text(cell), column.width);
  }
  row.erase(row.find_last_not_of(' ') + 1);
  return row + "\n";
}

// Why a row has no figures; empty when it has some.
std::string WithoutFigures(const Cell& cell) {
  if (!cell.obstacle.empty()) return "not measured: " + cell.obstacle;
  if (cell.valid_trials > 0) return {};
  return cell.invalid_trials == 0 ? "no trial yet"
                                  : "no valid trial, see below";
}

std::string CostTable(const Plan& plan, std::span<const Cell> cells) {
  const std::size_t arm_width = ArmWidth(plan);
  std::string table = Heading(kCostColumns, arm_width);
  for (const Cell& cell : cells) {
    const std::string& arm = plan.arms[cell.arm].name;
    const std::string why = WithoutFigures(cell);
    table += why.empty() ? Row(kCostColumns, cell, arm, arm_width)
                         : Wrap(fmt::format("{:<{}}  ", arm, arm_width), why);
  }
  return table;
}

// Empty when no cell has figures.
std::string WhyTable(const Plan& plan, std::span<const Cell> cells) {
  const std::size_t arm_width = ArmWidth(plan);
  std::string rows;
  for (const Cell& cell : cells) {
    if (!WithoutFigures(cell).empty()) continue;
    rows += Row(kWhyColumns, cell, plan.arms[cell.arm].name, arm_width);
  }
  return rows.empty() ? "" : "\n" + Heading(kWhyColumns, arm_width) + rows;
}

// The cells of one scenario.
std::span<const Cell> CellsOf(const Plan& plan, std::span<const Cell> cells,
                              std::size_t scenario) {
  return cells.subspan(scenario * plan.arms.size(), plan.arms.size());
}

// "5.02 us in idle-900 (poll 6.10 times that, raw-epoll 0.95)"; empty without
// a figure of the baseline.
std::string Clause(const Plan& plan, std::span<const Cell> cells,
                   std::size_t scenario) {
  std::string clause;
  std::vector<const Cell*> others;
  for (const Cell& cell : cells) {
    if (cell.ratio) others.push_back(&cell);
    const auto cost = cell.Find(kPrimaryMetric);
    if (cost && plan.arms[cell.arm].name == plan.baseline) {
      clause = fmt::format("{} us in {}", FormatNumber(cost->median),
                           plan.scenarios[scenario].name);
    }
  }
  if (clause.empty() || others.empty()) return clause;
  std::ranges::sort(others, {},
                    [](const Cell* cell) { return cell->ratio->median; });
  clause += fmt::format(" ({} {} times that", plan.arms[others[0]->arm].name,
                        FormatRatio(others[0]->ratio->median));
  if (others.size() > 1) {
    clause += fmt::format(", {} {}", plan.arms[others.back()->arm].name,
                          FormatRatio(others.back()->ratio->median));
  }
  return clause + ")";
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
                     fmt::join(clauses, ", "));
}

std::string Conditions(const Results& results) {
  const Plan& plan = results.plan;
  return fmt::format("{}. Reactors {}, {} rounds of {}, baseline {}.",
                     Describe(results.environment), plan.reactors, plan.rounds,
                     FormatDuration(plan.window), plan.baseline);
}

}  // namespace

std::string RenderTable(const Results& results) {
  const Plan& plan = results.plan;
  const std::vector<Cell> cells = Analyze(plan, results.trials).cells;
  std::string text = Wrap("", Headline(plan, cells));
  const std::string warning = DebugWarning(results);
  if (!warning.empty()) text += Wrap("", warning);
  text += Wrap("", Conditions(results));
  for (std::size_t i = 0; i < plan.scenarios.size(); ++i) {
    const auto of_scenario = CellsOf(plan, cells, i);
    text +=
        fmt::format("\n{}: {}\n\n{}{}", plan.scenarios[i].name,
                    plan.scenarios[i].Describe(), CostTable(plan, of_scenario),
                    WhyTable(plan, of_scenario));
  }
  text += "\n";
  for (const std::string& note : Notes(results, cells)) {
    text += Wrap("- ", note);
  }
  return text;
}

}  // namespace polymux::bench
