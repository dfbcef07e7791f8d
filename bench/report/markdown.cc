#include "bench/report/markdown.h"

#include <fmt/format.h>

#include <algorithm>

#include "bench/lab/environment.h"
#include "bench/lab/metrics.h"
#include "bench/lab/model_text.h"
#include "bench/lab/notes.h"
#include "bench/lab/text.h"
#include "bench/report/markup.h"
#include "bench/report/why_columns.h"
#include "bench/report/words.h"

namespace polymux::bench {
namespace {

std::string Number(const Cell& cell, std::string_view metric) {
  const auto summary = cell.Find(metric);
  return summary ? FormatNumber(summary->median) : "n/a";
}

std::string Row(const Plan& plan, const Cell& cell) {
  const std::string arm = EscapeMarkdown(plan.arms[cell.arm].name);
  if (!cell.obstacle.empty()) {
    return fmt::format("| {} | not measured: {} | | | | | | |\n", arm,
                       EscapeMarkdown(cell.obstacle));
  }
  return fmt::format(
      "| {} | {} | {} | {} | {} | {} | {} | {} |\n", arm,
      VerdictWord(plan, cell), EffectText(cell), Number(cell, kPrimaryMetric),
      Number(cell, "messages_per_second"), Number(cell, "latency_p50_us"),
      Number(cell, "latency_p99_us"), Number(cell, "system_calls_per_message"));
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

std::string ScenarioPart(const Plan& plan, const Analysis& analysis,
                         std::size_t scenario) {
  std::string text = fmt::format(
      "\n## {}\n\n{}. {}\n\n"
      "| arm | verdict | ratio to baseline | CPU µs/message | messages/s | "
      "p50 µs | p99 µs | system calls/message |\n"
      "|:--|:--|:--|--:|--:|--:|--:|--:|\n",
      EscapeMarkdown(plan.scenarios[scenario].name),
      EscapeMarkdown(plan.scenarios[scenario].Describe()),
      EscapeMarkdown(ScenarioSentence(plan, analysis, scenario)));
  std::string reasons;
  for (const Cell& cell : CellsOfScenario(plan, analysis, scenario)) {
    text += Row(plan, cell);
    if (cell.why.empty()) continue;
    reasons +=
        fmt::format("- {}: {}\n", EscapeMarkdown(plan.arms[cell.arm].name),
                    EscapeMarkdown(cell.why));
  }
  text += WhyTable(plan, CellsOfScenario(plan, analysis, scenario));
  return reasons.empty() ? text : text + "\n" + reasons;
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
    text += ScenarioPart(plan, analysis, i);
  }
  const std::string models = DescribeModels(
      plan, {analysis.models, analysis.crossovers, analysis.unmodelled});
  if (!models.empty()) {
    text += "\n## Cost of a wait\n\n```text" + models + "```\n";
  }
  text += "\n## Notes\n\n";
  for (const std::string& note : NotesOfReport(results, analysis.cells)) {
    text += fmt::format("- {}\n", EscapeMarkdown(note));
  }
  return text;
}

}  // namespace polymux::bench
