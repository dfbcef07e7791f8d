#include "bench/report/strip_plot.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "bench/lab/flags.h"
#include "bench/lab/metrics.h"
#include "bench/lab/text.h"
#include "bench/report/chart.h"

namespace polymux::bench {
namespace {

struct Dot {
  double position;  // of the trial, among those of the scenario
  const Trial* trial;
  double cost;
};

// Whether its round was run again: there is a later attempt.
bool WasRepeated(const Results& results, const Slot& slot) {
  return std::ranges::any_of(results.trials, [&](const Trial& other) {
    return other.slot.scenario == slot.scenario && other.slot.arm == slot.arm &&
           other.slot.round == slot.round && other.slot.attempt > slot.attempt;
  });
}

// The class of a trial's mark.
std::string_view Look(const Trial& trial, const UnevenRounds& uneven) {
  if (!trial.valid()) return "mark invalid";
  return IsTainted(trial, uneven) ? "mark tainted" : "mark";
}

// "poll, round 3: 4.93 us per message [client-bound]".
std::string Title(const Results& results, const Dot& dot,
                  const UnevenRounds& uneven) {
  const Plan& plan = results.plan;
  const Trial& trial = *dot.trial;
  std::string title = fmt::format("{}, round {}: {} µs per message",
                                  plan.arms[trial.slot.arm].name,
                                  trial.slot.round + 1, FormatNumber(dot.cost));
  const auto flags = Flags(plan, trial, uneven);
  if (!flags.empty()) title += fmt::format(" [{}]", fmt::join(flags, ", "));
  if (WasRepeated(results, trial.slot)) title += ", round repeated";
  if (!trial.valid()) title += " INVALID: " + trial.invalid;
  return title;
}

std::string Panel(const Results& results, std::size_t scenario,
                  const UnevenRounds& uneven) {
  const Plan& plan = results.plan;
  std::vector<Dot> dots;
  std::vector<double> costs;
  double position = 0;
  for (const Trial& trial : results.trials) {
    if (trial.slot.scenario != scenario) continue;
    ++position;
    const auto cost =
        FindMetric(kPrimaryMetric).value(trial, plan.scenarios[scenario]);
    if (cost) costs.push_back(*cost);
    if (cost || !trial.valid()) {
      dots.push_back({position, &trial, cost.value_or(0)});
    }
  }
  if (costs.empty()) return {};
  const Scale y(Scale::Kind::kLogarithmic, costs);
  Chart chart({.label = "cost per message of each trial in run order",
               .x_title = "trial of this scenario, in run order",
               .y_title = "server CPU, µs per message",
               .x = Scale(Scale::Kind::kLinear, 0, position + 1),
               .y = y});
  for (const Dot& dot : dots) {
    const std::size_t arm = dot.trial->slot.arm;
    const Point point{dot.position, dot.cost > 0 ? dot.cost : y.min()};
    chart.Marker(arm, point, Title(results, dot, uneven),
                 Look(*dot.trial, uneven));
  }
  return Figure(plan.scenarios[scenario].name, chart.Render());
}

}  // namespace

std::string StripPlots(const Results& results, const Analysis& /*analysis*/) {
  const UnevenRounds uneven(results.trials);
  std::string figures;
  for (std::size_t i = 0; i < results.plan.scenarios.size(); ++i) {
    figures += Panel(results, i, uneven);
  }
  return figures;
}

}  // namespace polymux::bench
