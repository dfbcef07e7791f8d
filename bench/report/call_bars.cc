#include "bench/report/call_bars.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bench/lab/metrics.h"
#include "bench/report/chart.h"
#include "bench/report/markup.h"
#include "bench/report/words.h"

namespace polymux::bench {
namespace {

constexpr double kLeft = 112;
constexpr double kRight = 350;
constexpr double kRow = 26;

// As many as there are in report.css.
constexpr std::size_t kCallStyles = 7;

// Below, a call is not worth a colour.
constexpr double kLeast = 0.005;

using Calls = std::map<std::string, double>;  // per message

// The median over the valid trials of one arm.
Calls CallsPerMessage(const Results& results, std::size_t scenario,
                      std::size_t arm) {
  std::map<std::string, std::vector<double>> of_trials;
  for (const Trial& trial : results.trials) {
    if (trial.slot.scenario != scenario || trial.slot.arm != arm ||
        !trial.valid()) {
      continue;
    }
    const double messages =
        CountedMessages(trial, results.plan.scenarios[scenario]).value_or(0);
    if (messages <= 0) continue;
    const auto& counters = trial.counters->counters;
    for (const std::string& name : trial.counters->system_calls) {
      const auto counter = counters.find(name);
      if (counter == counters.end()) continue;
      of_trials[name].push_back(static_cast<double>(counter->second) /
                                messages);
    }
  }
  Calls calls;
  for (auto& [name, values] : of_trials) calls[name] = Median(values);
  return calls;
}

// The names that are worth a colour, those that occur most first.
std::vector<std::string> Names(const std::vector<Calls>& arms) {
  Calls most;
  for (const Calls& calls : arms) {
    for (const auto& [name, value] : calls) {
      most[name] = std::max(most[name], value);
    }
  }
  std::vector<std::string> names;
  for (const auto& [name, value] : most) {
    if (value >= kLeast) names.push_back(name);
  }
  std::ranges::stable_sort(names, std::ranges::greater{},
                           [&](const std::string& name) { return most[name]; });
  return names;
}

double Sum(const Calls& calls) {
  double sum = 0;
  for (const auto& [name, value] : calls) sum += value;
  return sum;
}

std::string Bar(const std::string& arm, const Calls& calls,
                const std::vector<std::string>& names, double y,
                double pixels_per_call) {
  std::string bar = fmt::format(
      R"(<text class="arm" x="{}" y="{}" text-anchor="end">{}</text>)",
      kLeft - 8, y + 15, EscapeHtml(arm));
  double x = kLeft;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto call = calls.find(names[i]);
    if (call == calls.end() || call->second < kLeast) continue;
    const double width = call->second * pixels_per_call;
    bar += fmt::format(
        R"(<rect class="call c{}" x="{:.1f}" y="{}" width="{:.1f}" height="{}">)"
        R"(<title>{}: {:.2f} {} per message</title></rect>)",
        i % kCallStyles, x, y, std::max(0.5, width), kRow - 6, EscapeHtml(arm),
        call->second, EscapeHtml(names[i]));
    x += width;
  }
  return bar +
         fmt::format(R"(<text class="value" x="{:.1f}" y="{}">{:.2f}</text>)",
                     x + 6, y + 15, Sum(calls));
}

std::string Legend(const std::vector<std::string>& names) {
  std::string items;
  for (std::size_t i = 0; i < names.size(); ++i) {
    items += fmt::format(
        R"(<li><svg class="icon" viewBox="0 0 16 16" aria-hidden="true">)"
        R"(<rect class="call c{}" x="2" y="2" width="12" height="12"/></svg>)"
        "{}</li>",
        i % kCallStyles, EscapeHtml(names[i]));
  }
  return "<ul class=\"legend\">" + items + "</ul>";
}

std::string Panel(const Results& results, std::size_t scenario) {
  const Plan& plan = results.plan;
  std::vector<Calls> arms;
  double most = 0;
  for (std::size_t arm = 0; arm < plan.arms.size(); ++arm) {
    arms.push_back(CallsPerMessage(results, scenario, arm));
    most = std::max(most, Sum(arms.back()));
  }
  if (most <= 0) return {};
  const auto names = Names(arms);
  std::string bars;
  double y = 4;
  for (std::size_t arm = 0; arm < plan.arms.size(); ++arm) {
    if (arms[arm].empty()) continue;
    bars +=
        Bar(plan.arms[arm].name, arms[arm], names, y, (kRight - kLeft) / most);
    y += kRow;
  }
  return Figure(
      plan.scenarios[scenario].name,
      fmt::format(R"(<svg class="chart" viewBox="0 0 {} {}" role="img" )"
                  R"(aria-label="system calls per message">{}</svg>{})",
                  Chart::kWidth, y + 2, bars, Legend(names)));
}

}  // namespace

std::string CallBars(const Results& results, const Analysis& /*analysis*/) {
  std::string figures;
  for (std::size_t i = 0; i < results.plan.scenarios.size(); ++i) {
    figures += Panel(results, i);
  }
  return figures;
}

}  // namespace polymux::bench
