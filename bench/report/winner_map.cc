#include "bench/report/winner_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "bench/lab/metrics.h"
#include "bench/lab/text.h"
#include "bench/report/chart.h"
#include "bench/report/markup.h"
#include "bench/report/words.h"

namespace polymux::bench {
namespace {

// Connections, and how many of a thousand are active.
using Place = std::pair<int, int>;

int PerMille(const Scenario& scenario) {
  return static_cast<int>(
      std::lround(1000.0 * scenario.active / scenario.connections()));
}

// The plain scenarios of single messages, with the message size that most of
// them have.
std::map<Place, std::size_t> Places(const Plan& plan) {
  std::map<std::size_t, int> sizes;
  for (const Scenario& scenario : plan.scenarios) {
    if (scenario.is_simple()) ++sizes[scenario.message_size];
  }
  if (sizes.empty()) return {};
  const std::size_t size =
      std::ranges::max_element(sizes, {}, [](const auto& entry) {
        return entry.second;
      })->first;
  std::map<Place, std::size_t> places;
  for (std::size_t i = 0; i < plan.scenarios.size(); ++i) {
    const Scenario& scenario = plan.scenarios[i];
    if (!scenario.is_simple() || scenario.message_size != size) continue;
    places.try_emplace({scenario.connections(), PerMille(scenario)}, i);
  }
  return places;
}

struct Contender {
  std::size_t arm;
  double cost;  // us per message
  // To the baseline.
  double ratio;
  double low;
  double high;
};

// The arms with a cost, the cheapest first; without the control. By the ratio
// within the rounds, as verdicts are, for rounds differ more than arms do.
std::vector<Contender> Ranking(const Plan& plan, const Analysis& analysis,
                               std::size_t scenario) {
  constexpr double kUnknown = std::numeric_limits<double>::infinity();
  std::vector<Contender> ranking;
  for (const Cell& cell : CellsOfScenario(plan, analysis, scenario)) {
    const std::string& name = plan.arms[cell.arm].name;
    const auto cost = cell.Find(kPrimaryMetric);
    if (!cost || name == plan.control) continue;
    Contender arm{cell.arm, cost->median, kUnknown, 0, kUnknown};
    if (name == plan.baseline) {
      arm.ratio = arm.low = arm.high = 1;
    } else if (cell.effect) {
      arm.ratio = cell.effect->ratio;
      arm.low = cell.effect->low;
      arm.high = cell.effect->high;
    } else if (cell.ratio) {
      arm.ratio = cell.ratio->median;
    }
    ranking.push_back(arm);
  }
  std::ranges::sort(ranking, {}, [](const Contender& arm) {
    return std::pair(arm.ratio, arm.cost);
  });
  return ranking;
}

std::string WinnerCell(const Plan& plan, const Analysis& analysis,
                       std::size_t scenario) {
  const auto ranking = Ranking(plan, analysis, scenario);
  if (ranking.empty()) return "<td>n/a</td>";
  const Contender& best = ranking.front();
  std::string next = "no other";
  bool close = false;
  if (ranking.size() > 1) {
    const Contender& second = ranking[1];
    const std::string name = EscapeHtml(plan.arms[second.arm].name);
    close = best.high >= second.low;
    next = close ? "or " + name
                 : fmt::format("{} +{:.0f} %", name,
                               100 * (second.ratio / best.ratio - 1));
  }
  return fmt::format(R"(<td class="winner{} {}">{}<strong>{}</strong> {} µs)"
                     R"(<span class="next">{}</span></td>)",
                     close ? " close" : "", ArmClass(best.arm),
                     MarkerIcon(best.arm), EscapeHtml(plan.arms[best.arm].name),
                     FormatNumber(best.cost), next);
}

}  // namespace

std::string WinnerMap(const Results& results, const Analysis& analysis) {
  const Plan& plan = results.plan;
  const auto places = Places(plan);
  if (places.size() < 2) return {};
  std::set<int> connections;
  std::set<int, std::greater<>> shares;
  for (const auto& [place, scenario] : places) {
    connections.insert(place.first);
    shares.insert(place.second);
  }
  std::string head;
  for (const int count : connections) {
    head += fmt::format("<th scope=\"col\">{}</th>", count);
  }
  std::string rows;
  for (const int share : shares) {
    rows += fmt::format("<tr><th scope=\"row\">{:g} %</th>", share / 10.0);
    for (const int count : connections) {
      const auto place = places.find({count, share});
      rows += place == places.end()
                  ? "<td class=\"none\" title=\"not measured\">·</td>"
                  : WinnerCell(plan, analysis, place->second);
    }
    rows += "</tr>\n";
  }
  return fmt::format(
      "<div class=\"scroll wide\"><table class=\"winners\"><thead><tr>"
      "<th scope=\"col\">active \\ connections</th>{}</tr></thead><tbody>\n"
      "{}</tbody></table></div>\n",
      head, rows);
}

}  // namespace polymux::bench
