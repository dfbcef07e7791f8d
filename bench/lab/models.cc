#include "bench/lab/models.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "bench/lab/cost_model.h"
#include "bench/lab/metrics.h"
#include "bench/lab/statistics.h"

namespace polymux::bench {
namespace {

constexpr int kDraws = 400;
// Numbers of connections: a line through two of them says nothing of itself.
constexpr std::size_t kLeastWatched = 3;

// The message size with most numbers of connections; the least of several.
// None when none has enough of them.
std::optional<std::size_t> BestSize(const Plan& plan) {
  std::map<std::size_t, std::set<int>> connections;
  for (const Scenario& scenario : plan.scenarios) {
    if (scenario.is_simple()) {
      connections[scenario.message_size].insert(scenario.connections());
    }
  }
  std::optional<std::size_t> best;
  std::size_t most = kLeastWatched - 1;
  for (const auto& [size, counts] : connections) {
    if (counts.size() > most) best = size;
    most = std::max(most, counts.size());
  }
  return best;
}

std::optional<WaitCost> ObserveWait(const Scenario& scenario,
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

// What the waits brought in the scenario with most connections.
struct Brought {
  int watched = 0;
  std::vector<double> ready = {};     // events per wait
  std::vector<double> messages = {};  // messages per wait
};

struct Fit {
  CostModel model;
  bool has_trials = false;
  std::vector<WaitCost> costs = {};
  std::map<int, Brought> brought = {};  // by active connections
};

// The observations of one arm, without a model yet.
Fit Observe(const Plan& plan, std::span<const Trial* const> trials,
            std::size_t arm, std::size_t message_size) {
  Fit fit{.model = {.arm = arm,
                    .per_wait_ns = {},
                    .per_watched_ns = {},
                    .per_ready_ns = {},
                    .message_size = message_size}};
  std::vector<int> active;
  for (const Trial* trial : trials) {
    const Scenario& scenario = plan.scenarios[trial->slot.scenario];
    if (trial->slot.arm != arm) continue;
    fit.has_trials = true;
    const auto cost = ObserveWait(scenario, *trial);
    if (!cost) continue;
    fit.costs.push_back(*cost);
    active.push_back(scenario.active);
    Brought& brought = fit.brought[scenario.active];
    if (scenario.idle == 0 || scenario.connections() < brought.watched) {
      continue;
    }
    if (scenario.connections() > brought.watched) brought = {};
    brought.watched = scenario.connections();
    brought.ready.push_back(cost->ready);
    brought.messages.push_back(
        1 / *FindMetric("waits_per_message").value(*trial, scenario));
  }
  if (!active.empty()) {
    std::tie(fit.model.active_min, fit.model.active_max) =
        std::pair(std::ranges::min(active), std::ranges::max(active));
  }
  return fit;
}

void DescribeRange(std::span<const WaitCost> costs, CostModel& model) {
  const auto [fewest, most] =
      std::ranges::minmax(costs, {}, &WaitCost::watched);
  const auto [least, greatest] =
      std::ranges::minmax(costs, {}, &WaitCost::ready);
  model.trials = static_cast<int>(costs.size());
  model.watched_min = static_cast<int>(fewest.watched);
  model.watched_max = static_cast<int>(most.watched);
  model.ready_min = least.ready;
  model.ready_max = greatest.ready;
}

// Compares the model with the median of each number of connections.
void FindWorst(std::span<const WaitCost> costs, CostModel& model) {
  struct Group {
    std::vector<double> measured;
    std::vector<double> modelled;
  };
  std::map<int, Group> groups;
  for (const WaitCost& cost : costs) {
    Group& group = groups[static_cast<int>(cost.watched)];
    group.measured.push_back(cost.cost_ns);
    group.modelled.push_back(
        CostOfWait(model.coefficients(), cost.watched, cost.ready));
  }
  for (auto& [watched, group] : groups) {
    const double deviation = SampleMedian(std::move(group.modelled)) /
                                 SampleMedian(std::move(group.measured)) -
                             1;
    if (std::abs(deviation) < std::abs(model.worst_deviation)) continue;
    model.worst_deviation = deviation;
    model.worst_watched = watched;
  }
}

Estimate CoefficientOf(const CostCoefficients& found, const CostModel& model,
                       std::size_t index) {
  std::vector<double> drawn;
  drawn.reserve(model.draws.size());
  for (const auto& coefficients : model.draws) {
    drawn.push_back(coefficients[index]);
  }
  return MakeEstimate(found[index], std::move(drawn));
}

std::string WhyUnmodelled(std::span<const WaitCost> costs) {
  if (costs.empty()) return "it has no counters";
  std::set<double> watched;
  for (const WaitCost& cost : costs) watched.insert(cost.watched);
  if (watched.size() < kLeastWatched) {
    return fmt::format("undisturbed trials with only {} numbers of connections",
                       watched.size());
  }
  return "its trials do not tell a, b and c apart";
}

// Fills in the model.  False when there is none.
bool FitModel(Fit& fit) {
  CostModel& model = fit.model;
  const CostTerms terms = FindCostTerms(fit.costs);
  if (terms == CostTerms::kNone) return false;
  const auto found = FitCost(fit.costs, terms);
  if (!found) return false;
  model.draws = ResampleFits(fit.costs, terms, kDraws);
  if (model.draws.size() < kDraws / 2) return false;
  model.per_wait_ns = CoefficientOf(*found, model, 0);
  model.per_watched_ns = CoefficientOf(*found, model, 1);
  if (terms == CostTerms::kAll) {
    model.per_ready_ns = CoefficientOf(*found, model, 2);
  }
  DescribeRange(fit.costs, model);
  FindWorst(fit.costs, model);
  return true;
}

// What a message costs as connections grow: level + slope * connections.
struct Line {
  double level;
  double slope;
};

Line LineOf(const Fit& fit, const CostCoefficients& coefficients, int active) {
  const double ready = SampleMedian(fit.brought.at(active).ready);
  const double messages = SampleMedian(fit.brought.at(active).messages);
  return {(coefficients[0] + coefficients[2] * ready) / messages,
          coefficients[1] / messages};
}

double Crossing(const Line& one, const Line& other) {
  return (other.level - one.level) / (one.slope - other.slope);
}

// Beyond what was measured.
std::optional<Crossover> Extrapolate(const Fit& one, const Fit& other,
                                     int active) {
  const Line line = LineOf(one, one.model.coefficients(), active);
  const Line other_line = LineOf(other, other.model.coefficients(), active);
  // Where both were measured.
  const double most = std::min(one.brought.at(active).watched,
                               other.brought.at(active).watched);
  const auto is_told = [&](double connections) {
    return connections >= active && connections <= kFarthest * most;
  };
  const double found = Crossing(line, other_line);
  if (!is_told(found) || found <= most) return std::nullopt;
  std::vector<double> drawn;
  const auto& one_draws = one.model.draws;
  const auto& other_draws = other.model.draws;
  const std::size_t draws = std::min(one_draws.size(), other_draws.size());
  for (std::size_t i = 0; i < draws; ++i) {
    const double connections = Crossing(LineOf(one, one_draws[i], active),
                                        LineOf(other, other_draws[i], active));
    if (is_told(connections)) drawn.push_back(connections);
  }
  if (static_cast<double>(drawn.size()) <
      kModelConfidence * static_cast<double>(draws)) {
    return std::nullopt;
  }
  // Which grows faster is the cheaper one before they meet.
  const bool one_first = line.slope > other_line.slope;
  return Crossover{.arm = one_first ? one.model.arm : other.model.arm,
                   .other = one_first ? other.model.arm : one.model.arm,
                   .active = active,
                   .connections = MakeEstimate(found, std::move(drawn)),
                   .extrapolated = true};
}

// Those of the models, where `measured` has none.
std::vector<Crossover> ExtrapolateAll(std::span<const Fit> fits,
                                      std::span<const Crossover> measured) {
  const auto is_measured = [&](const Fit& one, const Fit& other, int active) {
    return std::ranges::any_of(measured, [&](const Crossover& crossover) {
      return crossover.active == active &&
             std::minmax(crossover.arm, crossover.other) ==
                 std::minmax(one.model.arm, other.model.arm);
    });
  };
  const auto has_idle = [](const Fit& fit, int active) {
    const auto found = fit.brought.find(active);
    return found != fit.brought.end() && found->second.watched > 0;
  };
  std::vector<Crossover> crossovers;
  for (std::size_t i = 0; i < fits.size(); ++i) {
    for (std::size_t j = i + 1; j < fits.size(); ++j) {
      for (const auto& [active, brought] : fits[i].brought) {
        if (!has_idle(fits[i], active) || !has_idle(fits[j], active) ||
            is_measured(fits[i], fits[j], active)) {
          continue;
        }
        const auto crossover = Extrapolate(fits[i], fits[j], active);
        if (crossover) crossovers.push_back(*crossover);
      }
    }
  }
  return crossovers;
}

// The first attempt of each arm at each round: those that were run again for
// the sake of other arms have no more say in the fit.
std::vector<const Trial*> FirstOfEachRound(
    std::span<const Trial* const> trials) {
  std::map<std::tuple<std::size_t, std::size_t, int>, const Trial*> firsts;
  for (const Trial* trial : trials) {
    const Slot& slot = trial->slot;
    const auto entry =
        firsts.try_emplace({slot.scenario, slot.arm, slot.round}, trial).first;
    if (slot.attempt < entry->second->slot.attempt) entry->second = trial;
  }
  std::vector<const Trial*> result;
  result.reserve(firsts.size());
  for (const auto& [place, trial] : firsts) result.push_back(trial);
  return result;
}

}  // namespace

CostCoefficients CostModel::coefficients() const {
  return {per_wait_ns.value, per_watched_ns.value,
          per_ready_ns ? per_ready_ns->value : 0};
}

Models FitModels(const Plan& plan, std::span<const Trial* const> trials) {
  const auto message_size = BestSize(plan);
  if (!message_size) return {};
  std::vector<const Trial*> modelled;
  std::ranges::copy_if(
      trials, std::back_inserter(modelled), [&](const Trial* trial) {
        const Scenario& scenario = plan.scenarios[trial->slot.scenario];
        return scenario.is_simple() && scenario.message_size == message_size;
      });
  const std::vector<const Trial*> fitted = FirstOfEachRound(modelled);
  Models models;
  std::vector<Fit> fits;
  for (std::size_t arm = 0; arm < plan.arms.size(); ++arm) {
    // The control is the baseline once more.
    if (plan.arms[arm].name == plan.control) continue;
    Fit fit = Observe(plan, fitted, arm, *message_size);
    if (FitModel(fit)) {
      models.models.push_back(fit.model);
      fits.push_back(std::move(fit));
    } else if (fit.has_trials) {
      models.unmodelled.push_back({arm, WhyUnmodelled(fit.costs)});
    }
  }
  models.crossovers = MeasuredCrossovers(plan, modelled);
  std::ranges::move(ExtrapolateAll(fits, models.crossovers),
                    std::back_inserter(models.crossovers));
  return models;
}

}  // namespace polymux::bench
