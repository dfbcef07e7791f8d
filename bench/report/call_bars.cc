#include "bench/report/call_bars.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bench/lab/metrics.h"
#include "bench/lab/selection.h"
#include "bench/report/chart.h"
#include "bench/report/markup.h"
#include "bench/report/words.h"

namespace polymux::bench {
namespace {

constexpr double kLeft = 112;
constexpr double kRight = 350;
constexpr double kRow = 26;

// As many as there are in report.css; the last is for all further calls.
constexpr std::size_t kCallStyles = 8;

// Below, a call is not worth a colour.
constexpr double kLeast = 0.005;

using Calls = std::map<std::string, double>;  // per message

// The median over the trials of one arm that count.
Calls CallsPerMessage(const Results& results, std::size_t scenario,
                      std::size_t arm) {
  std::map<std::string, std::vector<double>> of_trials;
  const auto selected = SelectTrials(results.trials, scenario, arm);
  for (const auto& [round, trial] : selected.best) {
    const double messages =
        CountedMessages(*trial, results.plan.scenarios[scenario]).value_or(0);
    if (messages <= 0) continue;
    const auto& counters = trial->counters->counters;
    for (const std::string& name : trial->counters->system_calls) {
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

// By scenario, the calls of each arm.
using CallsOfScenarios = std::vector<std::vector<Calls>>;

CallsOfScenarios CallsOfAll(const Results& results) {
  CallsOfScenarios scenarios;
  for (std::size_t i = 0; i < results.plan.scenarios.size(); ++i) {
    std::vector<Calls>& arms = scenarios.emplace_back();
    for (std::size_t arm = 0; arm < results.plan.arms.size(); ++arm) {
      arms.push_back(CallsPerMessage(results, i, arm));
    }
  }
  return scenarios;
}

// The names that are worth a colour in some panel, those that occur most first.
// In this order in all of them: a colour means the same call throughout.
std::vector<std::string> Names(const CallsOfScenarios& scenarios) {
  Calls most;
  for (const auto& arms : scenarios) {
    for (const Calls& calls : arms) {
      for (const auto& [name, value] : calls) {
        most[name] = std::max(most[name], value);
      }
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

std::size_t Style(std::size_t name) { return std::min(name, kCallStyles - 1); }

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
        Style(i), x, y, std::max(0.5, width), kRow - 6, EscapeHtml(arm),
        call->second, EscapeHtml(names[i]));
    x += width;
  }
  return bar +
         fmt::format(R"(<text class="value" x="{:.1f}" y="{}">{:.2f}</text>)",
                     x + 6, y + 15, Sum(calls));
}

// The names that occur in this panel, by style.
std::string Legend(const std::vector<Calls>& arms,
                   const std::vector<std::string>& names) {
  std::map<std::size_t, std::vector<std::string>> of_styles;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const bool occurs = std::ranges::any_of(arms, [&](const Calls& calls) {
      const auto call = calls.find(names[i]);
      return call != calls.end() && call->second >= kLeast;
    });
    if (occurs) of_styles[Style(i)].push_back(names[i]);
  }
  std::string items;
  for (const auto& [style, members] : of_styles) {
    items += fmt::format(
        R"(<li><svg class="icon" viewBox="0 0 16 16" aria-hidden="true">)"
        R"(<rect class="call c{}" x="2" y="2" width="12" height="12"/></svg>)"
        "{}</li>",
        style, EscapeHtml(Join(members)));
  }
  return "<ul class=\"legend\">" + items + "</ul>";
}

std::string Panel(const Plan& plan, std::size_t scenario,
                  const std::vector<Calls>& arms,
                  const std::vector<std::string>& names) {
  double most = 0;
  for (const Calls& calls : arms) most = std::max(most, Sum(calls));
  if (most <= 0) return {};
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
                  Chart::kWidth, y + 2, bars, Legend(arms, names)));
}

}  // namespace

std::string CallBars(const Results& results, const Analysis& /*analysis*/) {
  const CallsOfScenarios scenarios = CallsOfAll(results);
  const auto names = Names(scenarios);
  std::string figures;
  for (std::size_t i = 0; i < scenarios.size(); ++i) {
    figures += Panel(results.plan, i, scenarios[i], names);
  }
  return figures;
}

}  // namespace polymux::bench
