#include "bench/lab/models.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "bench/lab/cost_model.h"
#include "bench/lab/metrics.h"
#include "bench/lab/statistics.h"

namespace polymux::bench {
namespace {

constexpr int kDraws = 400;
constexpr double kConfidence = 0.95;
// Beyond this many times what was measured a line is no knowledge.
constexpr double kFarthest = 10;

bool IsModelled(const Scenario& scenario) {
  return scenario.is_plain() && scenario.depth == 1;
}

// The message size with most numbers of connections; the least of several.
std::size_t BestSize(const Plan& plan) {
  std::map<std::size_t, std::set<int>> connections;
  for (const Scenario& scenario : plan.scenarios) {
    if (IsModelled(scenario)) {
      connections[scenario.message_size].insert(scenario.connections());
    }
  }
  std::size_t best = 0;
  std::size_t most = 0;
  for (const auto& [size, counts] : connections) {
    if (counts.size() > most) best = size;
    most = std::max(most, counts.size());
  }
  return best;
}

std::optional<WaitCost> CostOfWait(const Scenario& scenario,
                                   const Trial& trial) {
  const auto cpu_us = FindMetric(kPrimaryMetric).value(trial, scenario);
  const auto waits = FindMetric("waits_per_message").value(trial, scenario);
  const auto ready = FindMetric("events_per_wait").value(trial, scenario);
  if (!cpu_us || !waits || !ready || *cpu_us <= 0 || *waits <= 0) return {};
  return WaitCost{.round = trial.slot.round,
                  .watched = static_cast<double>(scenario.connections()),
                  .ready = *ready,
                  .cost_ns = *cpu_us * 1000 / *waits};
}

// The middle 95 % of the values, around what was found.
Estimate MakeEstimate(double value, std::vector<double> drawn) {
  std::ranges::sort(drawn);
  const auto cut = static_cast<std::size_t>(static_cast<double>(drawn.size()) *
                                            (1 - kConfidence) / 2);
  return {.value = value,
          .low = std::min(value, drawn[cut]),
          .high = std::max(value, drawn[drawn.size() - 1 - cut])};
}

struct Fit {
  std::size_t arm;
  CostCoefficients found;
  std::vector<CostCoefficients> drawn;
  std::vector<WaitCost> costs;
  // Events per wait and messages per wait, by active connections.
  std::map<int, std::vector<double>> ready;
  std::map<int, std::vector<double>> messages;
};

std::optional<Fit> FitArm(const Plan& plan,
                          std::span<const Trial* const> trials, std::size_t arm,
                          std::size_t message_size) {
  Fit fit{.arm = arm,
          .found = {},
          .drawn = {},
          .costs = {},
          .ready = {},
          .messages = {}};
  for (const Trial* trial : trials) {
    const Scenario& scenario = plan.scenarios[trial->slot.scenario];
    if (trial->slot.arm != arm || !IsModelled(scenario) ||
        scenario.message_size != message_size) {
      continue;
    }
    const auto cost = CostOfWait(scenario, *trial);
    if (!cost) continue;
    fit.costs.push_back(*cost);
    if (scenario.idle == 0) continue;
    fit.ready[scenario.active].push_back(cost->ready);
    fit.messages[scenario.active].push_back(
        1 / *FindMetric("waits_per_message").value(*trial, scenario));
  }
  const auto found = FitCost(fit.costs);
  if (!found) return std::nullopt;
  fit.found = *found;
  fit.drawn = ResampleFits(fit.costs, kDraws);
  if (fit.drawn.size() < kDraws / 2) return std::nullopt;
  return fit;
}

Estimate CoefficientOf(const Fit& fit, std::size_t index) {
  std::vector<double> drawn;
  drawn.reserve(fit.drawn.size());
  for (const auto& coefficients : fit.drawn) {
    drawn.push_back(coefficients[index]);
  }
  return MakeEstimate(fit.found[index], std::move(drawn));
}

// The least and the greatest number of connections.
std::pair<double, double> Measured(const Fit& fit) {
  const auto [least, most] =
      std::ranges::minmax(fit.costs, {}, &WaitCost::watched);
  return {least.watched, most.watched};
}

CostModel ModelOf(const Fit& fit) {
  const auto [least, most] = Measured(fit);
  return {.arm = fit.arm,
          .per_wait_ns = CoefficientOf(fit, 0),
          .per_watched_ns = CoefficientOf(fit, 1),
          .per_ready_ns = CoefficientOf(fit, 2),
          .trials = static_cast<int>(fit.costs.size()),
          .watched_min = static_cast<int>(least),
          .watched_max = static_cast<int>(most)};
}

// What a message costs as connections grow: level + slope * connections.
struct Line {
  double level;
  double slope;
};

Line LineOf(const Fit& fit, const CostCoefficients& coefficients, int active) {
  const double ready = SampleMedian(fit.ready.at(active));
  const double messages = SampleMedian(fit.messages.at(active));
  return {(coefficients[0] + coefficients[2] * ready) / messages,
          coefficients[1] / messages};
}

double Crossing(const Line& one, const Line& other) {
  return (other.level - one.level) / (one.slope - other.slope);
}

std::optional<Crossover> FindCrossover(const Fit& one, const Fit& other,
                                       int active) {
  const Line line = LineOf(one, one.found, active);
  const Line other_line = LineOf(other, other.found, active);
  // Where both were measured.
  const auto [one_least, one_most] = Measured(one);
  const auto [other_least, other_most] = Measured(other);
  const double least = std::max(one_least, other_least);
  const double most = std::min(one_most, other_most);
  const auto is_told = [&](double connections) {
    return connections >= active && connections <= kFarthest * most;
  };
  const double found = Crossing(line, other_line);
  if (!is_told(found)) return std::nullopt;
  std::vector<double> drawn;
  const std::size_t draws = std::min(one.drawn.size(), other.drawn.size());
  for (std::size_t i = 0; i < draws; ++i) {
    const double connections = Crossing(LineOf(one, one.drawn[i], active),
                                        LineOf(other, other.drawn[i], active));
    if (is_told(connections)) drawn.push_back(connections);
  }
  if (static_cast<double>(drawn.size()) <
      kConfidence * static_cast<double>(draws)) {
    return std::nullopt;
  }
  // Which grows faster is the cheaper one before they meet.
  const bool one_first = line.slope > other_line.slope;
  return Crossover{.arm = one_first ? one.arm : other.arm,
                   .other = one_first ? other.arm : one.arm,
                   .active = active,
                   .connections = MakeEstimate(found, std::move(drawn)),
                   .extrapolated = found < least || found > most};
}

}  // namespace

Models FitModels(const Plan& plan, std::span<const Trial* const> trials) {
  const std::size_t message_size = BestSize(plan);
  std::vector<Fit> fits;
  for (std::size_t arm = 0; arm < plan.arms.size(); ++arm) {
    // The control is the baseline once more.
    if (plan.arms[arm].name == plan.control) continue;
    if (auto fit = FitArm(plan, trials, arm, message_size)) {
      fits.push_back(*std::move(fit));
    }
  }
  Models models;
  for (std::size_t i = 0; i < fits.size(); ++i) {
    models.models.push_back(ModelOf(fits[i]));
    for (std::size_t j = i + 1; j < fits.size(); ++j) {
      for (const auto& [active, ready] : fits[i].ready) {
        if (!fits[j].ready.contains(active)) continue;
        const auto crossover = FindCrossover(fits[i], fits[j], active);
        if (crossover) models.crossovers.push_back(*crossover);
      }
    }
  }
  return models;
}

}  // namespace polymux::bench
