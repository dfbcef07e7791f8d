#include "bench/verbs/advice.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <stdexcept>
#include <utility>

#include "apps/flag_values.h"
#include "bench/lab/cost_model.h"
#include "bench/lab/metrics.h"
#include "bench/lab/model_text.h"
#include "poller/backends.h"

namespace polymux::bench {
namespace {

// Descriptors of a server that are no connection.
constexpr int kOtherDescriptors = 16;
// Of compare --connections.
constexpr int kMostConnections = 1'000'000;

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

// Of the most connections, or active ones, that were measured; empty when the
// workload is not so far from them.
std::string TooFar(const Workload& workload, int connections, int active) {
  const auto reason = [](int wanted, int measured, std::string_view what) {
    return wanted > kFarthest * measured
               ? fmt::format(
                     "{} {} are more than {} times the {} that were measured",
                     wanted, what, kFarthest, measured)
               : std::string();
  };
  std::string text = reason(workload.connections, connections, "connections");
  return text.empty() ? reason(workload.active, active, "active connections")
                      : text;
}

// What is known of an arm, before it is compared with the best.
struct Ranked {
  std::size_t arm;  // index into the plan
  Basis basis = Basis::kNearest;
  double cpu_us = 0;
  bool of_measured_size = true;
  // Of a model: also `cpu_us` in each resampling of its rounds.
  std::optional<Interval> cpu_interval = {};
  std::vector<double> draws = {};
  // Where it was measured.
  const Cell* cell = nullptr;
};

bool IsWithin(const CostModel& model, const Workload& workload, double ready) {
  return workload.connections >= model.watched_min &&
         workload.connections <= model.watched_max &&
         workload.active >= model.active_min &&
         workload.active <= model.active_max && ready >= model.ready_min &&
         ready <= model.ready_max &&
         workload.message_size == model.message_size;
}

Ranked Predict(const CostModel& model, const Workload& workload, double ready) {
  const auto cost_us = [&](const CostCoefficients& coefficients) {
    return CostOfWait(coefficients, workload.connections, ready) / ready / 1e3;
  };
  Ranked predicted{
      .arm = model.arm,
      .basis = IsWithin(model, workload, ready) ? Basis::kInterpolated
                                                : Basis::kExtrapolated,
      .of_measured_size = workload.message_size == model.message_size};
  for (const CostCoefficients& draw : model.draws) {
    predicted.draws.push_back(cost_us(draw));
  }
  predicted.cpu_us = cost_us(model.coefficients());
  const Estimate estimate = MakeEstimate(predicted.cpu_us, predicted.draws);
  predicted.cpu_interval = {estimate.low, estimate.high};
  return predicted;
}

// Of two predictions within each resampling, for what a round did to both
// cancels.  Empty when one of them is no model's.
std::optional<Interval> ModelRatio(const Ranked& one, const Ranked& best) {
  std::vector<double> draws;
  for (std::size_t i = 0; i < std::min(one.draws.size(), best.draws.size());
       ++i) {
    draws.push_back(one.draws[i] / best.draws[i]);
  }
  if (draws.empty()) return std::nullopt;
  const Estimate ratio =
      MakeEstimate(one.cpu_us / best.cpu_us, std::move(draws));
  return Interval{ratio.low, ratio.high};
}

// Of two arms that were measured, where one is the baseline, which has no
// effect: the effect of the other, or its inverse.
std::optional<Interval> MeasuredRatio(const Ranked& one, const Ranked& best) {
  const auto& [of_one, of_best] =
      std::pair(one.cell->effect, best.cell->effect);
  if (of_one.has_value() == of_best.has_value()) return std::nullopt;
  if (of_one) return Interval{of_one->low, of_one->high};
  return Interval{1 / of_best->high, 1 / of_best->low};
}

// By the verdicts of the run: dearer than the baseline, than which the best is
// cheaper; of two arms that are both on the same side of it, by their
// intervals, which hold together.
bool IsDearer(const Ranked& one, const Ranked& best) {
  const auto& effect = one.cell->effect;
  const auto& best_effect = best.cell->effect;
  if (!best_effect) return one.cell->verdict == Verdict::kSlower;
  if (!effect) return best.cell->verdict == Verdict::kFaster;
  return one.cell->verdict && best.cell->verdict &&
         effect->low > best_effect->high;
}

class Adviser {
 public:
  Adviser(const Results& results, const Analysis& analysis,
          const Workload& workload)
      : results_(results),
        plan_(results.plan),
        analysis_(analysis),
        workload_(workload) {}

  Advice Run() {
    advice_.margin = plan_.margin;
    FindArms();
    FindNearest();
    const bool measured = IsSame(nearest(), workload_);
    if (measured) {
      FromCells(Basis::kMeasured);
    } else if (!FromModels()) {
      const std::string too_far =
          TooFar(workload_, nearest().connections(), nearest().active);
      if (!too_far.empty()) Refuse(too_far);
      FromCells(Basis::kNearest);
    }
    if (!results_.complete) {
      Reserve(fmt::format("the run was interrupted: {} of {} trials",
                          results_.trials.size(), CountTrials(plan_)));
    }
    if (!measured) AddReservations();
    Rank();
    FindCommand();
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
  void FromCells(Basis basis) {
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
      Ranked candidate{
          .arm = arm,
          .basis = basis,
          .cpu_us = MedianOf(cell),
          .of_measured_size = nearest().message_size == workload_.message_size,
          .cell = cell};
      if (cell->effect && base_cost > 0) {
        candidate.cpu_us = base_cost * cell->effect->ratio;
      }
      ranked_.push_back(std::move(candidate));
    }
    ReserveVerdicts();
  }

  // What the run itself says of the arms there.
  void ReserveVerdicts() {
    if (!IsSound()) {
      Reserve(
          fmt::format("the control of {} came out as different from the "
                      "baseline: nothing there can be told apart",
                      nearest().name));
      return;
    }
    std::vector<std::string> verdicts;
    for (const Ranked& one : ranked_) {
      const std::string& name = plan_.arms[one.arm].name;
      if (name == plan_.baseline) continue;
      verdicts.push_back(fmt::format("{} {}", name,
                                     one.cell->verdict
                                         ? ToString(*one.cell->verdict)
                                         : "without verdict"));
    }
    if (verdicts.empty()) return;
    Reserve(fmt::format("verdicts of the run in {}, against {}: {}",
                        nearest().name, plan_.baseline,
                        fmt::join(verdicts, ", ")));
  }

  bool IsSound() const {
    return std::ranges::none_of(
        analysis_.controls, [this](const ControlCheck& control) {
          return control.scenario == nearest_ && !control.sound;
        });
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

  // False when there are not models of two arms, or of the only one.  Throws
  // when there would be, were the workload not so far from them.
  bool FromModels() {
    std::vector<std::string> excluded;
    std::string too_far;
    for (const std::size_t arm : arms_) {
      const std::string& name = plan_.arms[arm].name;
      const auto model =
          std::ranges::find(analysis_.models, arm, &CostModel::arm);
      if (model == analysis_.models.end()) {
        excluded.push_back(name + ": it has no cost model");
        continue;
      }
      const std::string reason =
          TooFar(workload_, model->watched_max, model->active_max);
      if (reason.empty()) {
        ranked_.push_back(Predict(*model, workload_, ReadyPerWait(arm)));
      } else {
        excluded.push_back(fmt::format("{}: {}", name, reason));
        too_far = reason;
      }
    }
    if (ranked_.size() < std::min<std::size_t>(2, arms_.size())) {
      if (!too_far.empty()) Refuse(too_far);
      ranked_.clear();
      return false;
    }
    std::ranges::move(excluded, std::back_inserter(advice_.excluded));
    return true;
  }

  [[noreturn]] static void Refuse(const std::string& reason) {
    throw std::runtime_error("the results do not tell: " + reason);
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
    if (!ranked_.front().of_measured_size) {
      Reserve(
          "what larger messages cost more is much the same for all backends, "
          "so "
          "that ratios come nearer to 1; with smaller ones they go farther");
    }
    for (const std::string& doubt : ModelDoubts(plan_, analysis_.models)) {
      Reserve(doubt);
    }
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
    std::ranges::stable_sort(ranked_, {},
                             [](const Ranked& one) { return one.cpu_us; });
    const Ranked& best = ranked_.front();
    advice_.basis = best.basis;
    for (const Ranked& one : ranked_) {
      Candidate candidate{.arm = plan_.arms[one.arm].name, .basis = one.basis};
      if (one.of_measured_size) {
        candidate.cpu_us = one.cpu_us;
        candidate.cpu_interval = one.cpu_interval;
      }
      candidate.ratio = one.cpu_us / best.cpu_us;
      bool is_dearer = false;
      if (one.cell != nullptr) {
        candidate.ratio_interval = MeasuredRatio(one, best);
        is_dearer = IsSound() && IsDearer(one, best);
      } else if (&one != &best) {
        candidate.ratio_interval = ModelRatio(one, best);
        is_dearer =
            candidate.ratio_interval && candidate.ratio_interval->low > 1;
      }
      // Off by less than the margin is of no use to anybody, and what a
      // neighbouring workload says is too coarse for it anyway.
      candidate.distinct = is_dearer && candidate.ratio > 1 + advice_.margin;
      if (!candidate.distinct) {
        advice_.recommended.push_back(candidate.arm);
        advice_.basis = std::max(advice_.basis, one.basis);
      }
      advice_.candidates.push_back(std::move(candidate));
    }
  }

  // Why `compare` cannot measure the workload where the results are from; empty
  // when it can.
  std::string WhyNotMeasurable() const {
    const Scenario scenario{.name = "custom",
                            .active = workload_.active,
                            .idle = workload_.connections - workload_.active,
                            .message_size = workload_.message_size};
    if (workload_.connections > kMostConnections) {
      return fmt::format("it takes at most {} connections", kMostConnections);
    }
    return Obstacle(plan_, scenario, plan_.arms[ranked_.front().arm]);
  }

  void FindCommand() {
    advice_.no_command = WhyNotMeasurable();
    if (!advice_.no_command.empty()) return;
    std::vector<std::string> arms;
    for (const Candidate& candidate : advice_.candidates) {
      if (arms.size() < 2 || !candidate.distinct) arms.push_back(candidate.arm);
    }
    advice_.command = fmt::format(
        "polymux compare --arms {} \\\n    --connections {} --active {} --size "
        "{}",
        fmt::join(arms, ","), workload_.connections, workload_.active,
        FormatSize(workload_.message_size));
  }

  const Results& results_;
  const Plan& plan_;
  const Analysis& analysis_;
  const Workload workload_;
  std::vector<std::size_t> arms_;  // indices into the plan
  std::size_t nearest_ = 0;        // index into the plan
  std::vector<Ranked> ranked_ = {};
  Advice advice_ = {};
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
