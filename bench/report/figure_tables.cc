#include "bench/report/figure_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

#include "bench/lab/flags.h"
#include "bench/lab/metrics.h"
#include "bench/report/chart.h"
#include "bench/report/cost_columns.h"
#include "bench/report/markup.h"
#include "bench/report/why_columns.h"
#include "bench/report/words.h"

namespace polymux::bench {
namespace {

// So many that the smallest figure of the column has three digits: its decimal
// points then stand below each other.
int Decimals(std::span<const Cell> cells, const CostColumn& column) {
  std::optional<double> least;
  for (const Cell& cell : cells) {
    const auto summary = cell.Find(column.metric);
    if (!summary || summary->median <= 0) continue;
    const double value = summary->median * column.unit;
    least = std::min(least.value_or(value), value);
  }
  if (!least) return 0;
  return std::clamp(2 - static_cast<int>(std::floor(std::log10(*least))), 0, 3);
}

std::string Badge(const std::string& word) {
  std::string css_class = word;
  std::ranges::replace(css_class, ' ', '-');
  return fmt::format(R"(<span class="badge {}">{}</span>)", css_class, word);
}

std::string Trials(const Cell& cell) {
  std::string text = std::to_string(cell.valid_trials);
  if (cell.tainted_trials > 0) {
    text += fmt::format(", {} tainted", cell.tainted_trials);
  }
  if (cell.invalid_trials > 0) {
    text += fmt::format(", {} invalid", cell.invalid_trials);
  }
  return text;
}

// The beginning of an arm's row.
std::string RowHead(const Plan& plan, const Cell& cell) {
  return fmt::format(R"(<tr class="{}"><th scope="row">{}{}</th>)",
                     ArmClass(cell.arm), MarkerIcon(cell.arm),
                     EscapeHtml(plan.arms[cell.arm].name));
}

std::string Figure(std::span<const Cell> cells, const Cell& cell,
                   const CostColumn& column, std::string_view mark = "") {
  const auto summary = cell.Find(column.metric);
  if (!summary) return "<td class=\"none\">n/a</td>";
  return fmt::format("<td title=\"{:.6g} to {:.6g}\">{:.{}f}{}</td>",
                     summary->min * column.unit, summary->max * column.unit,
                     summary->median * column.unit, Decimals(cells, column),
                     mark);
}

std::string Row(const Results& results, std::span<const Cell> cells,
                const Cell& cell) {
  const Plan& plan = results.plan;
  const auto columns = CostColumnsOf(plan.scenarios[cell.scenario]);
  std::string row =
      RowHead(plan, cell) + fmt::format(R"(<td class="text">{}</td>)",
                                        Badge(VerdictWord(plan, cell)));
  if (!cell.obstacle.empty() || cell.valid_trials == 0) {
    const std::string reason = !cell.obstacle.empty()      ? cell.obstacle
                               : cell.first_reason.empty() ? "no trial yet"
                                                           : cell.first_reason;
    return row + fmt::format(R"(<td class="text" colspan="{}">{}</td></tr>)"
                             "\n",
                             columns.size() + 2, EscapeHtml(reason));
  }
  row += fmt::format("<td>{}</td>", EffectText(cell));
  const bool is_client_bound =
      IsMostly(kClientBound, plan, results.trials, cell.scenario, cell.arm);
  for (const CostColumn& column : columns) {
    const bool is_marked = is_client_bound && column.metric == kRateMetric;
    row += Figure(cells, cell, column, is_marked ? "*" : "");
  }
  return row + fmt::format("<td>{}</td></tr>\n", Trials(cell));
}

// What the servers did; empty when no arm has figures.
std::string WhyTable(const Plan& plan, std::span<const Cell> cells) {
  std::string rows;
  for (const Cell& cell : cells) {
    if (!cell.obstacle.empty() || cell.valid_trials == 0) continue;
    rows += RowHead(plan, cell);
    for (const auto& [heading, metric] : kWhyColumns) {
      rows += Figure(cells, cell, {heading, metric, 1});
    }
    rows += "</tr>\n";
  }
  if (rows.empty()) return {};
  std::string head = "<th scope=\"col\">arm</th>";
  for (const WhyColumn& column : kWhyColumns) {
    head += fmt::format("<th scope=\"col\">{}</th>", column.heading);
  }
  return fmt::format(
      "<div class=\"scroll\"><table><thead><tr>{}</tr></thead><tbody>\n{}"
      "</tbody></table></div>\n",
      head, rows);
}

std::string Table(const Results& results, const Analysis& analysis,
                  std::size_t scenario) {
  const Plan& plan = results.plan;
  const auto cells = CellsOfScenario(plan, analysis, scenario);
  std::string head =
      "<th scope=\"col\">arm</th><th scope=\"col\" "
      "class=\"text\">verdict</th><th "
      "scope=\"col\">ratio (interval)</th>";
  for (const CostColumn& column : CostColumnsOf(plan.scenarios[scenario])) {
    head += fmt::format("<th scope=\"col\">{}</th>", column.heading);
  }
  std::string rows;
  std::string reasons;
  for (const Cell& cell : cells) {
    rows += Row(results, cells, cell);
    if (cell.why.empty()) continue;
    reasons +=
        fmt::format("<li><b>{}</b>: {}</li>\n",
                    EscapeHtml(plan.arms[cell.arm].name), EscapeHtml(cell.why));
  }
  if (!reasons.empty()) reasons = "<ul class=\"why\">" + reasons + "</ul>\n";
  return fmt::format(
      "<h3>{}</h3><p>{}.</p>\n<div class=\"scroll\"><table><thead><tr>{}"
      "<th scope=\"col\">trials</th></tr></thead><tbody>\n{}</tbody></table>"
      "</div>\n{}{}",
      EscapeHtml(plan.scenarios[scenario].name),
      EscapeHtml(plan.scenarios[scenario].Describe()), head, rows,
      WhyTable(plan, cells), reasons);
}

}  // namespace

std::string FigureTables(const Results& results, const Analysis& analysis) {
  std::string tables;
  for (std::size_t i = 0; i < results.plan.scenarios.size(); ++i) {
    tables += Table(results, analysis, i);
  }
  return tables;
}

}  // namespace polymux::bench
