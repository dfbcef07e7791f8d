#include "bench/lab/analysis.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <set>
#include <utility>

#include "bench/lab/flags.h"
#include "bench/lab/metrics.h"
#include "bench/lab/statistics.h"
#include "bench/lab/why.h"

namespace polymux::bench {
namespace {

std::optional<Summary> RatioSummary(const std::vector<double>& log_ratios) {
  std::vector<double> ratios;
  ratios.reserve(log_ratios.size());
  for (const double log_ratio : log_ratios) {
    ratios.push_back(std::exp(log_ratio));
  }
  return Summarize(std::move(ratios));
}

std::optional<Effect> EstimateEffect(const std::vector<double>& log_ratios,
                                     double confidence) {
  const auto interval = MedianInterval(log_ratios, confidence);
  if (!interval) return std::nullopt;
  return Effect{.ratio = std::exp(SampleMedian(log_ratios)),
                .low = std::exp(interval->low),
                .high = std::exp(interval->high),
                .rounds = static_cast<int>(log_ratios.size())};
}

bool IncludesOne(const Effect& effect) {
  return effect.low <= 1 && effect.high >= 1;
}

// In logarithms, how far from 1 an estimate may be by chance.
double Noise(const Effect& control) {
  return std::max(std::abs(std::log(control.low)),
                  std::abs(std::log(control.high)));
}

void CountTrials(std::span<const Trial> trials, Cell& cell) {
  const UnevenRounds uneven(trials);
  for (const Trial& trial : trials) {
    if (trial.slot.scenario != cell.scenario || trial.slot.arm != cell.arm) {
      continue;
    }
    if (!trial.valid()) {
      if (cell.invalid_trials++ == 0) cell.first_reason = trial.invalid;
      continue;
    }
    ++cell.valid_trials;
    if (IsTainted(trial, uneven)) ++cell.tainted_trials;
  }
}

// Of `rounds` values, of which some may be missing.  What is missing counts as
// the largest, for it is a percentile of a round with too few messages, a slow
// one: left out, it would make the others' median look better.  Empty when the
// median is one of them.
std::optional<Summary> SummarizeRounds(std::vector<double> values,
                                       std::size_t rounds) {
  auto summary = Summarize(values);
  if (!summary) return std::nullopt;
  values.resize(rounds, std::numeric_limits<double>::infinity());
  summary->median = SampleMedian(std::move(values));
  if (!std::isfinite(summary->median)) return std::nullopt;
  return summary;
}

void SummarizeMetrics(const Scenario& scenario, const TrialByRound& trials,
                      Cell& cell) {
  for (const Metric& metric : Metrics()) {
    std::vector<double> values;
    for (const auto& [round, trial] : trials) {
      const auto value = metric.value(*trial, scenario);
      if (value) values.push_back(*value);
    }
    const auto summary = SummarizeRounds(std::move(values), trials.size());
    if (summary) cell.metrics.emplace(metric.name, *summary);
  }
}

// What the cells of one scenario need to know of each other.
class ScenarioAnalysis {
 public:
  ScenarioAnalysis(const Plan& plan, std::span<const Trial> trials,
                   std::size_t scenario)
      : plan_(plan),
        trials_(trials),
        index_(scenario),
        scenario_(plan.scenarios[scenario]) {
    for (std::size_t arm = 0; arm < plan.arms.size(); ++arm) {
      rounds_.push_back(SelectTrials(trials, scenario, arm));
      if (plan.arms[arm].name == plan.baseline) baseline_ = arm;
    }
    std::set<int> rounds;
    for (const Trial& trial : trials) {
      if (trial.slot.scenario == scenario) rounds.insert(trial.slot.round);
    }
    rounds_run_ = static_cast<int>(rounds.size());
  }

  void AppendTo(Analysis& analysis) const {
    std::vector<Cell> cells;
    std::optional<Cell> control;
    for (std::size_t arm = 0; arm < plan_.arms.size(); ++arm) {
      cells.push_back(AnalyzeCell(arm));
      if (IsControl(arm) && cells.back().effect) control = cells.back();
    }
    if (control) {
      analysis.controls.push_back({.scenario = index_,
                                   .effect = *control->effect,
                                   .sound = IncludesOne(*control->effect)});
      for (Cell& cell : cells) JudgeBeside(*control, cell);
    }
    std::ranges::move(cells, std::back_inserter(analysis.cells));
  }

  void AppendUntainted(std::vector<const Trial*>& untainted) const {
    for (const SelectedTrials& rounds : rounds_) {
      std::ranges::copy(rounds.untainted, std::back_inserter(untainted));
    }
  }

 private:
  bool IsControl(std::size_t arm) const {
    return plan_.arms[arm].name == plan_.control;
  }

  // A disturbed effect is judged by what disturbed rounds do to the control.
  void JudgeBeside(const Cell& control, Cell& cell) const {
    if (!cell.effect || IsControl(cell.arm) || !HasEnoughRounds(cell) ||
        !HasEnoughRounds(control)) {
      return;
    }
    const Effect& noise = cell.effect->disturbed && control.effect_with_tainted
                              ? *control.effect_with_tainted
                              : *control.effect;
    cell.verdict = Judge(*cell.effect, noise, plan_.margin);
  }

  Cell AnalyzeCell(std::size_t arm) const {
    Cell cell{.scenario = index_,
              .arm = arm,
              .obstacle = Obstacle(plan_, scenario_, plan_.arms[arm]),
              .rounds_run = rounds_run_};
    CountTrials(trials_, cell);
    SummarizeMetrics(scenario_, rounds_[arm].best, cell);
    if (baseline_ && arm != *baseline_) CompareWithBaseline(cell);
    return cell;
  }

  void CompareWithBaseline(Cell& cell) const {
    const SelectedTrials& arm = rounds_[cell.arm];
    const SelectedTrials& baseline = rounds_[*baseline_];
    const double confidence =
        IsControl(cell.arm) ? ControlConfidence(plan_) : ArmConfidence(plan_);
    cell.ratio = RatioSummary(LogRatios(scenario_, PairBest(arm, baseline)));
    const auto untainted = PairUntainted(arm, baseline);
    cell.effect = EstimateEffect(LogRatios(scenario_, untainted), confidence);
    const auto valid = PairValid(arm, baseline);
    const auto of_valid = LogRatios(scenario_, valid);
    cell.compared_rounds = static_cast<int>(of_valid.size());
    cell.effect_with_tainted = EstimateEffect(of_valid, confidence);
    if (!cell.effect && cell.effect_with_tainted) {
      cell.effect = cell.effect_with_tainted;
      cell.effect->disturbed = true;
    }
    if (IsControl(cell.arm)) return;
    const bool is_disturbed = cell.effect && cell.effect->disturbed;
    cell.why = ExplainCounters(plan_.baseline, is_disturbed ? valid : untainted,
                               scenario_, confidence);
  }

  const Plan& plan_;
  const std::span<const Trial> trials_;
  const std::size_t index_;
  const Scenario& scenario_;
  std::vector<SelectedTrials> rounds_ = {};  // by arm
  std::optional<std::size_t> baseline_ = {};
  int rounds_run_ = 0;
};

}  // namespace

std::vector<double> LogRatios(const Scenario& scenario,
                              std::span<const TrialPair> pairs) {
  const auto cost = FindMetric(kPrimaryMetric).value;
  std::vector<double> log_ratios;
  for (const TrialPair& pair : pairs) {
    const auto value = cost(*pair.arm, scenario);
    const auto reference = cost(*pair.baseline, scenario);
    if (value && reference && *value > 0 && *reference > 0) {
      log_ratios.push_back(std::log(*value / *reference));
    }
  }
  return log_ratios;
}

std::string_view ToString(Verdict verdict) {
  switch (verdict) {
    case Verdict::kFaster:
      return "faster";
    case Verdict::kSlower:
      return "slower";
    case Verdict::kEquivalent:
      return "equivalent";
    case Verdict::kInconclusive:
      break;
  }
  return "inconclusive";
}

std::optional<Summary> Summarize(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  const auto [min, max] = std::ranges::minmax(values);
  return Summary{SampleMedian(std::move(values)), min, max};
}

std::optional<Summary> Cell::Find(std::string_view metric) const {
  const auto found = metrics.find(metric);
  if (found == metrics.end()) return std::nullopt;
  return found->second;
}

double ArmConfidence(const Plan& plan) {
  int compared = 0;
  for (const Scenario& scenario : plan.scenarios) {
    compared +=
        static_cast<int>(std::ranges::count_if(plan.arms, [&](const Arm& arm) {
          return arm.name != plan.baseline && arm.name != plan.control &&
                 Obstacle(plan, scenario, arm).empty();
        }));
  }
  return SimultaneousConfidence(plan.confidence, std::max(1, compared));
}

bool HasEnoughRounds(const Cell& cell) {
  return cell.compared_rounds >= kLeastValidShare * cell.rounds_run;
}

double ControlConfidence(const Plan& plan) {
  return SimultaneousConfidence(
      plan.confidence, std::max(1, static_cast<int>(plan.scenarios.size())));
}

Verdict Judge(const Effect& effect, const Effect& control, double margin) {
  if (IncludesOne(control) && effect.low >= 1 / (1 + margin) &&
      effect.high <= 1 + margin) {
    return Verdict::kEquivalent;
  }
  if (IncludesOne(effect) ||
      std::abs(std::log(effect.ratio)) <= Noise(control)) {
    return Verdict::kInconclusive;
  }
  return effect.ratio < 1 ? Verdict::kFaster : Verdict::kSlower;
}

Analysis Analyze(const Plan& plan, std::span<const Trial> trials) {
  Analysis analysis;
  std::vector<const Trial*> untainted;
  for (std::size_t scenario = 0; scenario < plan.scenarios.size(); ++scenario) {
    const ScenarioAnalysis of_scenario(plan, trials, scenario);
    of_scenario.AppendTo(analysis);
    of_scenario.AppendUntainted(untainted);
  }
  auto [models, crossovers, unmodelled] = FitModels(plan, untainted);
  analysis.models = std::move(models);
  analysis.crossovers = std::move(crossovers);
  analysis.unmodelled = std::move(unmodelled);
  return analysis;
}

}  // namespace polymux::bench
