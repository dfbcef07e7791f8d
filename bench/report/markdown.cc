#include "bench/report/markdown.h"

#include <fmt/format.h>

#include <cstddef>
#include <string_view>

#include "bench/lab/alarms.h"
#include "bench/lab/environment.h"
#include "bench/lab/flags.h"
#include "bench/lab/metrics.h"
#include "bench/lab/model_text.h"
#include "bench/lab/notes.h"
#include "bench/lab/text.h"
#include "bench/report/cost_columns.h"
#include "bench/report/markup.h"
#include "bench/report/why_columns.h"
#include "bench/report/words.h"

namespace polymux::bench {
namespace {

std::string Number(const Cell& cell, std::string_view metric, double unit = 1) {
  const auto summary = cell.Find(metric);
  return summary ? FormatNumber(summary->median * unit) : "n/a";
}

std::string Repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

std::string Row(const Results& results, const Cell& cell) {
  const Plan& plan = results.plan;
  const auto columns = CostColumnsOf(plan.scenarios[cell.scenario]);
  const std::string arm = EscapeMarkdown(plan.arms[cell.arm].name);
  if (!cell.obstacle.empty()) {
    return fmt::format("| {} | not measured: {} |{}\n", arm,
                       EscapeMarkdown(cell.obstacle),
                       Repeated(" |", columns.size() + 1));
  }
  std::string row = fmt::format("| {} | {} | {} |", arm,
                                VerdictWord(plan, cell), EffectText(cell));
  const bool is_client_bound =
      IsMostly(kClientBound, plan, results.trials, cell.scenario, cell.arm);
  for (const CostColumn& column : columns) {
    const bool is_marked = is_client_bound && column.metric == kRateMetric;
    row += fmt::format(" {}{} |", Number(cell, column.metric, column.unit),
                       is_marked ? "\\*" : "");
  }
  return row + "\n";
}

// What the servers did; empty when no arm has figures.
std::string WhyTable(const Plan& plan, std::span<const Cell> cells) {
  std::string rows;
  for (const Cell& cell : cells) {
    if (!cell.obstacle.empty() || cell.valid_trials == 0) continue;
    rows += fmt::format("| {} |", EscapeMarkdown(plan.arms[cell.arm].name));
    for (const WhyColumn& column : kWhyColumns) {
      rows += fmt::format(" {} |", Number(cell, column.metric));
    }
    rows += "\n";
  }
  if (rows.empty()) return {};
  std::string heading = "\n| arm |";
  std::string alignment = "|:--|";
  for (const WhyColumn& column : kWhyColumns) {
    heading += fmt::format(" {} |", column.heading);
    alignment += "--:|";
  }
  return heading + "\n" + alignment + "\n" + rows;
}

std::string ScenarioPart(const Results& results, const Analysis& analysis,
                         std::size_t scenario) {
  const Plan& plan = results.plan;
  const auto columns = CostColumnsOf(plan.scenarios[scenario]);
  std::string text = fmt::format(
      "\n## {}\n\n{}. {}\n\n"
      "| arm | verdict | ratio to baseline |",
      EscapeMarkdown(plan.scenarios[scenario].name),
      EscapeMarkdown(plan.scenarios[scenario].Describe()),
      EscapeMarkdown(ScenarioSentence(plan, analysis, scenario)));
  for (const CostColumn& column : columns) {
    text += fmt::format(" {} |", column.heading);
  }
  text += "\n|:--|:--|:--|" + Repeated("--:|", columns.size()) + "\n";
  std::string reasons;
  for (const Cell& cell : CellsOfScenario(plan, analysis, scenario)) {
    text += Row(results, cell);
    if (cell.why.empty()) continue;
    reasons +=
        fmt::format("- {}: {}\n", EscapeMarkdown(plan.arms[cell.arm].name),
                    EscapeMarkdown(cell.why));
  }
  text += WhyTable(plan, CellsOfScenario(plan, analysis, scenario));
  return reasons.empty() ? text : text + "\n" + reasons;
}

// What is known of program and machine beyond the sentence at the top.
std::string MachinePart(const Results& results) {
  std::string rows;
  const auto add = [&rows](std::string_view what, const std::string& text) {
    rows += fmt::format("| {} | {} |\n", EscapeMarkdown(what),
                        EscapeMarkdown(text));
  };
  for (const Fact& fact : Facts()) {
    const auto known = results.environment.provenance.find(fact.key);
    if (known == results.environment.provenance.end()) continue;
    add(fact.title, known->second);
  }
  for (const Arm& arm : results.plan.arms) {
    if (arm.sha256.empty()) continue;
    add(fmt::format("SHA-256 of {}", arm.name), arm.sha256);
  }
  if (rows.empty()) return {};
  return "\n## Machine\n\n| | |\n|:--|:--|\n" + rows;
}

}  // namespace

std::string RenderMarkdown(const Results& results, const Analysis& analysis) {
  const Plan& plan = results.plan;
  std::string text = "# Polymux: server CPU per message\n";
  for (const std::string& alarm : Alarms(results, analysis)) {
    text += fmt::format("\n> **{}**\n", EscapeMarkdown(alarm));
  }
  text += fmt::format("\n{}. {}. {} of {} per arm, baseline {}.\n",
                      EscapeMarkdown(results.environment.date),
                      EscapeMarkdown(Describe(results.environment)),
                      Counted(RoundsRun(results), "round"),
                      LengthText(plan.window), EscapeMarkdown(plan.baseline));
  for (std::size_t i = 0; i < plan.scenarios.size(); ++i) {
    text += ScenarioPart(results, analysis, i);
  }
  const std::string models = DescribeModels(
      plan, {analysis.models, analysis.crossovers, analysis.unmodelled});
  if (!models.empty()) {
    text += "\n## Cost of a wait\n\n";
    text += MarkdownBlock(models.substr(1));
  }
  text += "\n## Notes\n\n";
  for (const std::string& note : NotesOfReport(results, analysis.cells)) {
    text += fmt::format("- {}\n", EscapeMarkdown(note));
  }
  text += MachinePart(results);
  return text;
}

}  // namespace polymux::bench
