#include "bench/verbs/advice.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "apps/flag_values.h"
#include "bench/lab/metrics.h"
#include "poller/backends.h"

namespace polymux::bench {
namespace {

// Descriptors of a server that are no connection.
constexpr int kOtherDescriptors = 16;

double Log(double value) { return std::log(std::max(1.0, value)); }

// How far a scenario is from the workload.  Connections and activity decide
// what a multiplexer costs; the size matters less.
double Distance(const Scenario& scenario, const Workload& workload) {
  return std::abs(Log(scenario.connections()) - Log(workload.connections)) +
         std::abs(Log(scenario.active) - Log(workload.active)) +
         0.5 * std::abs(Log(static_cast<double>(scenario.message_size)) -
                        Log(static_cast<double>(workload.message_size))) +
         Log(scenario.depth);
}

bool IsSame(const Scenario& scenario, const Workload& workload) {
  return scenario.connections() == workload.connections &&
         scenario.active == workload.active &&
         scenario.message_size == workload.message_size && scenario.depth == 1;
}

// Why a backend cannot watch that many; empty when it can.
std::string Incapable(const Arm& arm, const Workload& workload) {
  if (!arm.unavailable.empty()) return arm.unavailable;
  // A results file need not tell the limit.
  const Backend* const backend = FindBackend(arm.target);
  const std::optional<int> max_fd =
      arm.max_fd || backend == nullptr ? arm.max_fd : backend->max_fd;
  if (!max_fd || workload.connections + kOtherDescriptors <= *max_fd) {
    return {};
  }
  return fmt::format("it cannot watch a descriptor above {}", *max_fd);
}

class Adviser {
 public:
  Adviser(const Results& results, const Analysis& analysis,
          const Workload& workload)
      : plan_(results.plan), analysis_(analysis), workload_(workload) {}

  Advice Run() {
    advice_.margin = plan_.margin;
    FindArms();
    FindNearest();
    const bool measured = IsSame(nearest(), workload_);
    if (measured) {
      advice_.basis = Basis::kMeasured;
      FromCells();
    } else if (!FromModels()) {
      advice_.basis = Basis::kNearest;
      FromCells();
    }
    if (!measured) AddReservations();
    Rank();
    advice_.command = Command();
    return std::move(advice_);
  }

 private:
  const Scenario& nearest() const { return plan_.scenarios[nearest_]; }

  void FindArms() {
    for (std::size_t i = 0; i < plan_.arms.size(); ++i) {
      const Arm& arm = plan_.arms[i];
      // A control that is a copy of the baseline is no other backend.
      if (arm.kind != ArmKind::kBackend || arm.name == plan_.control ||
          arm.name.find('#') != std::string::npos) {
        continue;
      }
      const std::string reason = Incapable(arm, workload_);
      if (reason.empty()) {
        arms_.push_back(i);
      } else {
        advice_.excluded.push_back(arm.name + ": " + reason);
      }
    }
    if (arms_.empty()) {
      throw std::runtime_error(
          "the results have no backend that can do this workload");
    }
  }

  // The nearest scenario in which one of the arms has a value.
  void FindNearest() {
    double smallest = std::numeric_limits<double>::infinity();
    for (const Cell& cell : analysis_.cells) {
      if (std::ranges::find(arms_, cell.arm) == arms_.end() ||
          !cell.Find(kPrimaryMetric) ||
          !plan_.scenarios[cell.scenario].is_plain()) {
        continue;
      }
      const double distance =
          Distance(plan_.scenarios[cell.scenario], workload_);
      if (distance >= smallest) continue;
      smallest = distance;
      nearest_ = cell.scenario;
    }
    if (std::isinf(smallest)) {
      throw std::runtime_error(
          "the results have no valid trial of a backend in a closed loop");
    }
    advice_.nearest = nearest().name;
  }

  const Cell* CellOf(std::size_t arm) const {
    const auto found =
        std::ranges::find_if(analysis_.cells, [&](const Cell& cell) {
          return cell.scenario == nearest_ && cell.arm == arm;
        });
    return found == analysis_.cells.end() ? nullptr : &*found;
  }

  // Of the primary metric; 0: there is none.
  static double MedianOf(const Cell* cell) {
    if (cell == nullptr) return 0;
    const auto cost = cell->Find(kPrimaryMetric);
    return cost ? cost->median : 0;
  }

  // The cost in the nearest scenario.  What decides between arms is their
  // ratio within the rounds to the baseline, so the interval is that one's.
  void FromCells() {
    const auto baseline = static_cast<std::size_t>(
        std::ranges::find(plan_.arms, plan_.baseline, &Arm::name) -
        plan_.arms.begin());
    const double base_cost = MedianOf(CellOf(baseline));
    for (const std::size_t arm : arms_) {
      const Cell* const cell = CellOf(arm);
      const std::string& name = plan_.arms[arm].name;
      if (MedianOf(cell) <= 0) {
        advice_.excluded.push_back(name + ": not measured in " +
                                   nearest().name);
        continue;
      }
      const Summary cost = *cell->Find(kPrimaryMetric);
      Candidate candidate{.arm = name, .cpu_us = {}};
      if (arm == baseline) {
        candidate.cpu_us = {cost.median, cost.median, cost.median};
      } else if (cell->effect && base_cost > 0) {
        candidate.cpu_us = {base_cost * cell->effect->ratio,
                            base_cost * cell->effect->low,
                            base_cost * cell->effect->high};
      } else {
        candidate.cpu_us = {cost.median, cost.min, cost.max};
      }
      advice_.candidates.push_back(std::move(candidate));
    }
  }

  // How many connections a wait of this arm would find ready: as large a share
  // of the active ones as in the nearest scenario in which its waits were
  // counted; 1 if they never were.
  double ReadyPerWait(std::size_t arm) const {
    double smallest = std::numeric_limits<double>::infinity();
    double share = 0;
    for (const Cell& cell : analysis_.cells) {
      const Scenario& scenario = plan_.scenarios[cell.scenario];
      const double distance = Distance(scenario, workload_);
      const auto waits = cell.Find("waits_per_message");
      if (cell.arm != arm || distance >= smallest || !waits ||
          waits->median <= 0 || !scenario.is_plain()) {
        continue;
      }
      smallest = distance;
      share = 1 / waits->median / scenario.active;
    }
    return std::clamp(share * workload_.active, 1.0,
                      static_cast<double>(workload_.active));
  }

  // Whether every arm has a cost model.
  bool FromModels() {
    std::vector<Candidate> candidates;
    advice_.basis = Basis::kInterpolated;
    for (const std::size_t arm : arms_) {
      const auto model =
          std::ranges::find(analysis_.models, arm, &CostModel::arm);
      if (model == analysis_.models.end()) return false;
      candidates.push_back({.arm = plan_.arms[arm].name,
                            .cpu_us = Predict(*model, ReadyPerWait(arm))});
      if (workload_.connections < model->watched_min ||
          workload_.connections > model->watched_max) {
        advice_.basis = Basis::kExtrapolated;
      }
    }
    advice_.candidates = std::move(candidates);
    return true;
  }

  Estimate Predict(const CostModel& model, double ready) const {
    const auto cost = [&](double per_wait, double per_watched,
                          double per_ready) {
      const double wait = per_wait + per_watched * workload_.connections;
      return std::max(0.0, (wait / ready + per_ready) / 1e3);
    };
    // All terms at their bounds at once: wider than the truth, not narrower.
    return {cost(model.per_wait_ns.value, model.per_watched_ns.value,
                 model.per_ready_ns.value_or(Estimate{}).value),
            cost(model.per_wait_ns.low, model.per_watched_ns.low,
                 model.per_ready_ns.value_or(Estimate{}).low),
            cost(model.per_wait_ns.high, model.per_watched_ns.high,
                 model.per_ready_ns.value_or(Estimate{}).high)};
  }

  void Reserve(std::string what) {
    advice_.reservations.push_back(std::move(what));
  }

  // The values of a dimension in all scenarios.
  template <typename Get>
  void CheckRange(std::string_view what, double wanted, Get get) {
    double least = std::numeric_limits<double>::infinity();
    double most = 0;
    for (const Scenario& scenario : plan_.scenarios) {
      if (!scenario.is_plain()) continue;
      const auto value = static_cast<double>(get(scenario));
      if (value == wanted) return;
      least = std::min(least, value);
      most = std::max(most, value);
    }
    const bool beyond = wanted < least || wanted > most;
    Reserve(fmt::format("{} {} {}; measured were {}", wanted, what,
                        beyond ? "is beyond what was measured"
                               : "lies between what was measured",
                        least == most ? fmt::format("{}", least)
                                      : fmt::format("{} to {}", least, most)));
  }

  void AddReservations() {
    Reserve(fmt::format("the nearest measured workload is {}: {}",
                        nearest().name, nearest().Describe()));
    CheckRange("connections", workload_.connections,
               [](const Scenario& s) { return s.connections(); });
    CheckRange("active connections", workload_.active,
               [](const Scenario& s) { return s.active; });
    CheckRange("bytes per message", static_cast<double>(workload_.message_size),
               [](const Scenario& s) { return s.message_size; });
    for (const Crossover& crossover : analysis_.crossovers) {
      Reserve(fmt::format(
          "{} is cheaper than {} with fewer than {:.0f} [{:.0f} {:.0f}] "
          "connections, {} active{}",
          plan_.arms[crossover.arm].name, plan_.arms[crossover.other].name,
          crossover.connections.value, crossover.connections.low,
          crossover.connections.high, crossover.active,
          crossover.extrapolated ? " (extrapolated)" : ""));
    }
  }

  void Rank() {
    auto& candidates = advice_.candidates;
    std::ranges::sort(candidates, {}, [](const Candidate& candidate) {
      return candidate.cpu_us.value;
    });
    const Estimate best = candidates.front().cpu_us;
    candidates.front().ratio = {1, 1, 1};
    advice_.recommended = {candidates.front().arm};
    for (Candidate& candidate : candidates) {
      if (&candidate == &candidates.front()) continue;
      const Estimate& cost = candidate.cpu_us;
      candidate.ratio = {cost.value / best.value, cost.low / best.high,
                         best.low > 0
                             ? cost.high / best.low
                             : std::numeric_limits<double>::infinity()};
      // Off by less than the margin is of no use to anybody, and what a
      // neighbouring workload says is too coarse for it anyway.
      candidate.distinct =
          candidate.ratio.low > 1 && candidate.ratio.value > 1 + advice_.margin;
      if (!candidate.distinct) advice_.recommended.push_back(candidate.arm);
    }
  }

  std::string Command() const {
    std::vector<std::string> arms;
    for (const Candidate& candidate : advice_.candidates) {
      if (arms.size() < 2 || !candidate.distinct) arms.push_back(candidate.arm);
    }
    return fmt::format(
        "polymux compare --arms {} \\\n    --connections {} --active {} --size "
        "{}",
        fmt::join(arms, ","), workload_.connections, workload_.active,
        FormatSize(workload_.message_size));
  }

  const Plan& plan_;
  const Analysis& analysis_;
  const Workload workload_;
  std::vector<std::size_t> arms_;  // indices into the plan
  std::size_t nearest_ = 0;        // index into the plan
  Advice advice_;
};

}  // namespace

std::string_view ToString(Basis basis) {
  switch (basis) {
    case Basis::kMeasured:
      return "measured";
    case Basis::kInterpolated:
      return "interpolated";
    case Basis::kExtrapolated:
      return "extrapolated";
    case Basis::kNearest:
      break;
  }
  return "nearest measured";
}

Advice Advise(const Results& results, const Analysis& analysis,
              const Workload& workload) {
  return Adviser(results, analysis, workload).Run();
}

}  // namespace polymux::bench
