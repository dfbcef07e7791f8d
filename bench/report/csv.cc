#include "bench/report/csv.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "apps/printable_text.h"
#include "bench/lab/flags.h"
#include "bench/lab/metrics.h"

namespace polymux::bench {
namespace {

// A field, which is one line; in quotes where it must be.
std::string Field(std::string_view others) {
  std::string text = PrintableLine(others);
  if (text.find_first_of(",\"") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

std::string RenderCsv(const Results& results) {
  const Plan& plan = results.plan;
  std::string text =
      "scenario,arm,round,position,attempt,valid,flags,metric,value,"
      "cpu_source\n";
  const UnevenRounds uneven(results.trials);
  for (const Trial& trial : results.trials) {
    const Scenario& scenario = plan.scenarios[trial.slot.scenario];
    const std::string row =
        fmt::format("{},{},{},{},{},{},{}", Field(scenario.name),
                    Field(plan.arms[trial.slot.arm].name), trial.slot.round,
                    trial.slot.position, trial.slot.attempt, trial.valid(),
                    fmt::join(Flags(plan, trial, uneven), " "));
    for (const Metric& metric : Metrics()) {
      const auto value = metric.value(trial, scenario);
      if (!value) continue;
      text += fmt::format("{},{},{},{}\n", row, metric.name, *value,
                          trial.load.cpu_source);
    }
  }
  return text;
}

}  // namespace polymux::bench
