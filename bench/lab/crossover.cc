#include "bench/lab/crossover.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <utility>

#include "bench/lab/metrics.h"
#include "bench/lab/statistics.h"

namespace polymux::bench {
namespace {

constexpr int kDraws = 400;

// CPU per message, by attempt at the round.
using CostByAttempt = std::map<int, double>;

// By number of connections and round.
using Costs = std::map<int, std::map<int, CostByAttempt>>;

// Two arms with one number of connections.
struct Point {
  int connections;
  std::map<int, double> log_ratios = {};  // one over other, by round
  double level;                           // CPU per message of the other
};

// What the rounds say of a point: how much more a message costs one arm than
// the other.
struct Excess {
  int connections;
  double more;
};

// Of the first attempt that both have, as verdicts are; empty: there is none.
std::optional<std::pair<double, double>> FirstPair(const CostByAttempt& one,
                                                   const CostByAttempt& other) {
  for (const auto& [attempt, cost] : one) {
    const auto found = other.find(attempt);
    if (found != other.end()) return std::pair(cost, found->second);
  }
  return std::nullopt;
}

std::vector<Point> PointsOf(const Costs& one, const Costs& other) {
  std::vector<Point> points;
  for (const auto& [connections, of_one] : one) {
    const auto found = other.find(connections);
    if (found == other.end()) continue;
    Point point{.connections = connections, .level = 0};
    std::vector<double> levels;
    for (const auto& [round, costs] : of_one) {
      const auto of_other = found->second.find(round);
      if (of_other == found->second.end()) continue;
      const auto pair = FirstPair(costs, of_other->second);
      if (!pair) continue;
      point.log_ratios[round] = std::log(pair->first / pair->second);
      levels.push_back(pair->second);
    }
    if (levels.empty()) continue;
    point.level = SampleMedian(std::move(levels));
    points.push_back(std::move(point));
  }
  return points;
}

// Of the rounds `drawn`; empty when a point has none of them.
std::optional<std::vector<Excess>> ExcessOf(const std::vector<Point>& points,
                                            const std::vector<int>& drawn) {
  std::vector<Excess> excess;
  excess.reserve(points.size());
  for (const Point& point : points) {
    std::vector<double> log_ratios;
    log_ratios.reserve(drawn.size());
    for (const int round : drawn) {
      const auto found = point.log_ratios.find(round);
      if (found != point.log_ratios.end()) log_ratios.push_back(found->second);
    }
    if (log_ratios.empty()) return std::nullopt;
    const double ratio = std::exp(SampleMedian(std::move(log_ratios)));
    excess.push_back({point.connections, (ratio - 1) * point.level});
  }
  return excess;
}

struct Passage {
  double connections;
  bool one_first;  // one is cheaper with fewer connections
};

// Empty unless there is exactly one.
std::optional<Passage> FindPassage(const std::vector<Excess>& excess) {
  std::optional<Passage> passage;
  for (std::size_t i = 1; i < excess.size(); ++i) {
    const Excess& from = excess[i - 1];
    const Excess& to = excess[i];
    if ((from.more < 0) == (to.more < 0)) continue;
    if (passage) return std::nullopt;
    passage = {.connections = std::lerp(from.connections, to.connections,
                                        from.more / (from.more - to.more)),
               .one_first = from.more < 0};
  }
  return passage;
}

std::optional<Passage> FindPassage(const std::vector<Point>& points,
                                   const std::vector<int>& drawn) {
  const auto excess = ExcessOf(points, drawn);
  return excess ? FindPassage(*excess) : std::nullopt;
}

std::optional<Crossover> FindCrossover(const std::vector<Point>& points,
                                       int active, std::size_t one,
                                       std::size_t other) {
  std::set<int> all;
  for (const Point& point : points) {
    for (const auto& [round, ratio] : point.log_ratios) all.insert(round);
  }
  const std::vector<int> rounds(all.begin(), all.end());
  const auto found = FindPassage(points, rounds);
  if (!found) return std::nullopt;
  std::mt19937_64 random(1);
  std::vector<double> connections;
  connections.reserve(kDraws);
  std::vector<int> drawn(rounds.size());
  for (int i = 0; i < kDraws; ++i) {
    for (int& round : drawn) round = rounds[random() % rounds.size()];
    const auto passage = FindPassage(points, drawn);
    if (passage && passage->one_first == found->one_first) {
      connections.push_back(passage->connections);
    }
  }
  if (static_cast<double>(connections.size()) < kModelConfidence * kDraws) {
    return std::nullopt;
  }
  return Crossover{
      .arm = found->one_first ? one : other,
      .other = found->one_first ? other : one,
      .active = active,
      .connections = MakeEstimate(found->connections, std::move(connections))};
}

}  // namespace

std::vector<Crossover> MeasuredCrossovers(
    const Plan& plan, std::span<const Trial* const> trials) {
  // By active connections and arm.
  std::map<int, std::map<std::size_t, Costs>> costs;
  for (const Trial* trial : trials) {
    const std::size_t arm = trial->slot.arm;
    const Scenario& scenario = plan.scenarios[trial->slot.scenario];
    const auto cost = FindMetric(kPrimaryMetric).value(*trial, scenario);
    if (!cost || *cost <= 0 || plan.arms[arm].name == plan.control) continue;
    const Slot& slot = trial->slot;
    costs[scenario.active][arm][scenario.connections()][slot.round]
         [slot.attempt] = *cost;
  }
  std::vector<Crossover> crossovers;
  for (const auto& [active, of_arms] : costs) {
    for (auto one = of_arms.begin(); one != of_arms.end(); ++one) {
      for (auto other = std::next(one); other != of_arms.end(); ++other) {
        const auto crossover =
            FindCrossover(PointsOf(one->second, other->second), active,
                          one->first, other->first);
        if (crossover) crossovers.push_back(*crossover);
      }
    }
  }
  return crossovers;
}

}  // namespace polymux::bench
