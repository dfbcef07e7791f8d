#include "bench/report/load_curve.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>
#include <vector>

#include "bench/lab/text.h"
#include "bench/report/chart.h"

namespace polymux::bench {
namespace {

// Scenarios that differ in their rate alone: active, idle, size.
using Family = std::tuple<int, int, std::size_t>;
using Members = std::vector<std::size_t>;  // scenarios, by rate

std::map<Family, Members> Families(const Plan& plan) {
  std::map<Family, Members> families;
  for (std::size_t i = 0; i < plan.scenarios.size(); ++i) {
    const Scenario& scenario = plan.scenarios[i];
    if (!scenario.rate) continue;
    families[{scenario.active, scenario.idle, scenario.message_size}].push_back(
        i);
  }
  std::erase_if(families,
                [](const auto& family) { return family.second.size() < 2; });
  for (auto& [family, members] : families) {
    std::ranges::sort(members, {}, [&](std::size_t member) {
      return *plan.scenarios[member].rate;
    });
  }
  return families;
}

std::string Panel(const Plan& plan, const Analysis& analysis,
                  const Members& members, std::string_view metric,
                  const std::string& name) {
  std::vector<double> rates;
  std::vector<double> latencies;
  std::vector<std::vector<Point>> lines(plan.arms.size());
  for (const std::size_t member : members) {
    const double rate = *plan.scenarios[member].rate;
    for (std::size_t arm = 0; arm < plan.arms.size(); ++arm) {
      const auto latency =
          analysis.cells[member * plan.arms.size() + arm].Find(metric);
      if (!latency) continue;
      rates.push_back(rate);
      latencies.push_back(latency->median);
      lines[arm].push_back({rate, latency->median});
    }
  }
  if (latencies.empty()) return {};
  Chart chart(
      {.label = name + " latency against load",
       .x_title = "messages per second that are due",
       .y_title = name + " latency, µs",
       .x = Scale(Scale::Kind::kLinear, 0, std::ranges::max(rates) * 1.06),
       .y = Scale(Scale::Kind::kLogarithmic, latencies)});
  for (std::size_t arm = 0; arm < plan.arms.size(); ++arm) {
    chart.Line(arm, lines[arm], "line");
    for (const Point& point : lines[arm]) {
      chart.Marker(
          arm, point,
          fmt::format("{}: {} {} µs at {} messages/s", plan.arms[arm].name,
                      name, FormatNumber(point.y), FormatNumber(point.x)));
    }
  }
  const Scenario& scenario = plan.scenarios[members[0]];
  return Figure(fmt::format("{} of {} connections, {}-byte messages", name,
                            scenario.connections(), scenario.message_size),
                chart.Render());
}

}  // namespace

std::string LoadCurves(const Results& results, const Analysis& analysis) {
  std::string figures;
  for (const auto& [family, members] : Families(results.plan)) {
    figures += Panel(results.plan, analysis, members, "latency_p50_us", "p50") +
               Panel(results.plan, analysis, members, "latency_p99_us", "p99");
  }
  return figures;
}

}  // namespace polymux::bench
