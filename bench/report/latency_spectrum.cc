#include "bench/report/latency_spectrum.h"

#include <fmt/format.h>

#include <vector>

#include "bench/lab/text.h"
#include "bench/report/chart.h"
#include "bench/report/latencies.h"

namespace polymux::bench {
namespace {

// A percentile needs so many samples beyond it.
constexpr double kMinimumBeyond = 10;

// How much further right the next point is at least, in 1 / (1 - p).
constexpr double kStep = 1.12;

constexpr double kNsPerUs = 1e3;

// x: 1 / (1 - p); y: us.
std::vector<Point> Spectrum(const LatencyCounts& counts) {
  double total = 0;
  for (const auto& [upper_ns, count] : counts) {
    total += static_cast<double>(count);
  }
  std::vector<Point> points;
  double below = 0;
  for (const auto& [upper_ns, count] : counts) {
    // The smallest share that needs this bucket: what lies below it.
    const double beyond = total - below;
    if (beyond < kMinimumBeyond) break;
    const double x = total / beyond;
    if (points.empty() || x >= points.back().x * kStep) {
      points.push_back({x, static_cast<double>(upper_ns) / kNsPerUs});
    }
    below += static_cast<double>(count);
  }
  return points;
}

std::vector<Tick> PercentTicks(double most) {
  std::vector<Tick> ticks{{1, "0 %"}};
  for (const auto& [x, label] : std::vector<Tick>{{2, "50 %"},
                                                  {10, "90 %"},
                                                  {100, "99 %"},
                                                  {1e3, "99.9 %"},
                                                  {1e4, "99.99 %"},
                                                  {1e5, "99.999 %"},
                                                  {1e6, "6 nines"}}) {
    if (x <= most) ticks.push_back({x, label});
  }
  // No room for 50 % beside 0 %.
  if (ticks.size() > 4) ticks.erase(ticks.begin() + 1);
  return ticks;
}

std::string Panel(const Results& results, std::size_t scenario) {
  const Plan& plan = results.plan;
  std::vector<std::vector<Point>> spectra;
  std::vector<double> latencies;
  double most = 2;
  for (std::size_t arm = 0; arm < plan.arms.size(); ++arm) {
    spectra.push_back(Spectrum(MergeLatencies(results, scenario, arm)));
    for (const Point& point : spectra.back()) {
      latencies.push_back(point.y);
      most = std::max(most, point.x);
    }
  }
  if (latencies.empty()) return {};
  Chart chart({.label = "latency at each percentile",
               .x_title = "percentile (each step right: fewer messages)",
               .y_title = "latency, µs",
               .x = Scale(Scale::Kind::kLogarithmic, 1, most * 1.3),
               .y = Scale(Scale::Kind::kLogarithmic, latencies),
               .x_ticks = PercentTicks(most)});
  for (std::size_t arm = 0; arm < plan.arms.size(); ++arm) {
    const auto& spectrum = spectra[arm];
    chart.Line(arm, spectrum, "line");
    for (std::size_t i = arm % 4; i < spectrum.size(); i += 9) {
      chart.Marker(
          arm, spectrum[i],
          fmt::format("{}: {:.5g} % take up to {} µs", plan.arms[arm].name,
                      100 * (1 - 1 / spectrum[i].x),
                      FormatNumber(spectrum[i].y)));
    }
  }
  return Figure(plan.scenarios[scenario].name, chart.Render());
}

}  // namespace

std::string LatencySpectra(const Results& results,
                           const Analysis& /*analysis*/) {
  std::string figures;
  for (std::size_t i = 0; i < results.plan.scenarios.size(); ++i) {
    figures += Panel(results, i);
  }
  return figures;
}

}  // namespace polymux::bench
