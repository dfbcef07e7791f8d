#include "bench/verbs/difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "bench/lab/metrics.h"
#include "bench/lab/selection.h"
#include "bench/lab/statistics.h"
#include "bench/verbs/bootstrap.h"
#include "bench/verbs/drift.h"
#include "bench/verbs/mann_whitney.h"

namespace polymux::bench {
namespace {

// With fewer rounds the bootstrap's intervals are too narrow to be believed.
constexpr std::size_t kMinRounds = 6;

template <typename T>
const T* Find(const std::vector<T>& all, const std::string& name) {
  const auto found = std::ranges::find(all, name, &T::name);
  return found == all.end() ? nullptr : &*found;
}

// REQUIRES: `all` has it.
template <typename T>
std::size_t IndexOf(const std::vector<T>& all, const std::string& name) {
  return static_cast<std::size_t>(Find(all, name) - all.data());
}

// What the rounds of a run say.
struct Observations {
  std::vector<double> values;
  bool enough = false;  // for a verdict, undisturbed
};

// One arm in one scenario of one run.
class ArmTrials {
 public:
  // REQUIRES: the plan has both.
  ArmTrials(const Results& results, const std::string& scenario,
            const std::string& arm)
      : scenario_(*Find(results.plan.scenarios, scenario)),
        trials_(SelectTrials(results.trials,
                             IndexOf(results.plan.scenarios, scenario),
                             IndexOf(results.plan.arms, arm))) {}

  // The logarithms of the primary metric: of the undisturbed rounds where they
  // are enough for a verdict, else of all.
  Observations Costs() const {
    return Choose(LogCosts(trials_.clean),
                  [this] { return LogCosts(trials_.best); });
  }

  // Those over the ones of `baseline`, in the rounds as Analyze pairs them.
  Observations RatiosTo(const ArmTrials& baseline) const {
    return Choose(
        LogRatios(scenario_, PairUntainted(trials_, baseline.trials_)), [&] {
          return LogRatios(scenario_, PairValid(trials_, baseline.trials_));
        });
  }

 private:
  template <typename Others>
  static Observations Choose(std::vector<double> undisturbed,
                             const Others& others) {
    if (undisturbed.size() >= kMinRounds) return {std::move(undisturbed), true};
    return {others(), false};
  }

  std::vector<double> LogCosts(const TrialByRound& trials) const {
    const auto cost = FindMetric(kPrimaryMetric).value;
    std::vector<double> costs;
    costs.reserve(trials.size());
    for (const auto& [round, trial] : trials) {
      const auto value = cost(*trial, scenario_);
      if (value && *value > 0) costs.push_back(std::log(*value));
    }
    return costs;
  }

  const Scenario& scenario_;
  SelectedTrials trials_;
};

// The same of all runs of one side.
struct Side {
  Runs runs;
  bool enough = true;  // in each of them
  int rounds = 0;

  // What a test of the difference is made of: the rounds of the only run, else
  // the runs' medians, for the rounds of one run do not tell of another.
  std::vector<double> Units() const {
    if (runs.size() == 1) return runs[0];
    std::vector<double> medians;
    medians.reserve(runs.size());
    for (const auto& run : runs) medians.push_back(SampleMedian(run));
    return medians;
  }
};

// Empty when a run has nothing.
template <typename Observe>
std::optional<Side> Collect(std::span<const Results> results,
                            const Observe& observe) {
  Side side;
  for (const Results& run : results) {
    Observations observations = observe(run);
    if (observations.values.empty()) return std::nullopt;
    side.enough = side.enough && observations.enough;
    side.rounds += static_cast<int>(observations.values.size());
    side.runs.push_back(std::move(observations.values));
  }
  return side;
}

bool IsSame(const Scenario& a, const Scenario& b) {
  return a.active == b.active && a.idle == b.idle && a.depth == b.depth &&
         a.message_size == b.message_size && a.rate == b.rate &&
         a.Describe() == b.Describe();
}

// The comparison of the runs A with the runs B.
class Comparison {
 public:
  Comparison(std::span<const Results> a, std::span<const Results> b,
             double margin)
      : a_(a), b_(b), plan_(a.front().plan), margin_(margin) {
    if (AllOf([&](const Plan& p) { return p.baseline == plan_.baseline; })) {
      report_.baseline = plan_.baseline;
    }
  }

  DifferenceReport Run() {
    const auto arms = CommonArms();
    const auto scenarios = CommonScenarios();
    const double confidence = SimultaneousConfidence(
        plan_.confidence,
        std::max(1, static_cast<int>(scenarios.size() * arms.size())));
    for (const std::string& scenario : scenarios) {
      CompareScenario(scenario, arms, confidence);
    }
    report_.drift = FindDrift(a_, b_);
    for (std::string& drift : DriftOfBaseline()) {
      report_.drift.push_back(std::move(drift));
    }
    return std::move(report_);
  }

 private:
  template <typename Condition>
  bool AllOf(const Condition& condition) const {
    const auto holds = [&](const Results& run) { return condition(run.plan); };
    return std::ranges::all_of(a_, holds) && std::ranges::all_of(b_, holds);
  }

  // action(name of the run, its plan)
  template <typename Action>
  void ForEachPlan(const Action& action) const {
    for (const auto& [side, runs] : {std::pair("A", a_), std::pair("B", b_)}) {
      for (std::size_t i = 0; i < runs.size(); ++i) {
        action(NameOfRun(side, i, runs.size()), runs[i].plan);
      }
    }
  }

  void Miss(std::string what) { report_.missing.push_back(std::move(what)); }

  // The names of `list` that each plan has, in order of appearance; the others
  // are missed.
  template <typename T>
  std::vector<std::string> Common(std::vector<T> Plan::*list,
                                  std::string_view what) {
    std::vector<std::string> names;
    ForEachPlan([&](const std::string&, const Plan& plan) {
      for (const T& one : plan.*list) {
        if (std::ranges::find(names, one.name) == names.end()) {
          names.push_back(one.name);
        }
      }
    });
    std::erase_if(names, [&](const std::string& name) {
      bool is_missed = false;
      ForEachPlan([&](const std::string& run, const Plan& plan) {
        if (Find(plan.*list, name) != nullptr) return;
        is_missed = true;
        Miss(fmt::format("{} has no {} {}", run, what, name));
      });
      return is_missed;
    });
    return names;
  }

  std::vector<std::string> CommonArms() { return Common(&Plan::arms, "arm"); }

  std::vector<std::string> CommonScenarios() {
    auto names = Common(&Plan::scenarios, "scenario");
    std::erase_if(names, [&](const std::string& name) {
      const Scenario& first = *Find(plan_.scenarios, name);
      bool differs = false;
      ForEachPlan([&](const std::string& run, const Plan& plan) {
        const Scenario& other = *Find(plan.scenarios, name);
        if (IsSame(first, other)) return;
        differs = true;
        Miss(fmt::format(
            "scenario {} is another one in {} ({}) than in {} ({})", name, run,
            other.Describe(), NameOfRun("A", 0, a_.size()), first.Describe()));
      });
      return differs;
    });
    return names;
  }

  void CompareScenario(const std::string& scenario,
                       const std::vector<std::string>& arms,
                       double confidence) {
    std::vector<Difference> differences;
    for (const std::string& arm : arms) {
      auto difference = CompareArm(scenario, arm, confidence);
      if (difference) differences.push_back(std::move(*difference));
    }
    const double noise = Noise(differences);
    for (Difference& difference : differences) {
      difference.verdict = Judge(difference, noise);
    }
    std::ranges::move(differences, std::back_inserter(report_.differences));
  }

  std::optional<Difference> CompareArm(const std::string& scenario,
                                       const std::string& arm,
                                       double confidence) {
    const auto costs = [&](const Results& run) {
      return ArmTrials(run, scenario, arm).Costs();
    };
    const auto side_a = Collect(a_, costs);
    const auto side_b = Collect(b_, costs);
    if (!side_a || !side_b) {
      Miss(fmt::format("{} has no valid trial of {} in {}", side_a ? "B" : "A",
                       arm, scenario));
      return std::nullopt;
    }
    Bootstrap bootstrap;
    Difference difference{
        .scenario = scenario,
        .arm = arm,
        .median_a = std::exp(CentreOf(side_a->runs)),
        .median_b = std::exp(CentreOf(side_b->runs)),
        .rounds_a = side_a->rounds,
        .rounds_b = side_b->rounds,
        .enough_rounds = side_a->enough && side_b->enough,
        .ratio = bootstrap.Interval(side_a->runs, side_b->runs, confidence),
        .p_value = MannWhitneyP(side_a->Units(), side_b->Units())};
    if (report_.baseline.empty() || arm == report_.baseline) return difference;
    const auto ratios = [&](const Results& run) {
      return ArmTrials(run, scenario, arm)
          .RatiosTo(ArmTrials(run, scenario, report_.baseline));
    };
    const auto ratios_a = Collect(a_, ratios);
    const auto ratios_b = Collect(b_, ratios);
    if (ratios_a && ratios_b) {
      difference.relative =
          bootstrap.Interval(ratios_a->runs, ratios_b->runs, confidence);
      difference.enough_rounds =
          difference.enough_rounds && ratios_a->enough && ratios_b->enough;
    }
    return difference;
  }

  // How far apart the control of A and that of B are said to be, though both
  // are copies of the baseline; as a logarithm.
  double Noise(const std::vector<Difference>& differences) const {
    if (!AllOf([&](const Plan& p) { return p.control == plan_.control; })) {
      return 0;
    }
    for (const Difference& difference : differences) {
      if (difference.arm != plan_.control) continue;
      const Estimate& interval = difference.preferred();
      return std::max(std::abs(std::log(interval.low)),
                      std::abs(std::log(interval.high)));
    }
    return 0;
  }

  Verdict Judge(const Difference& difference, double noise) const {
    if (!difference.enough_rounds) return Verdict::kInconclusive;
    const Estimate& estimate = difference.preferred();
    if (estimate.low >= 1 / (1 + margin_) && estimate.high <= 1 + margin_) {
      return Verdict::kEquivalent;
    }
    if (std::abs(std::log(estimate.value)) <= noise) {
      return Verdict::kInconclusive;
    }
    if (estimate.high < 1) return Verdict::kFaster;
    if (estimate.low > 1) return Verdict::kSlower;
    return Verdict::kInconclusive;
  }

  // The same code at another pace: the machine has changed, or the code.
  std::vector<std::string> DriftOfBaseline() const {
    std::vector<std::string> drift;
    for (const Difference& difference : report_.differences) {
      if (difference.arm != report_.baseline ||
          (difference.ratio.low <= 1 && difference.ratio.high >= 1)) {
        continue;
      }
      drift.push_back(fmt::format(
          "the baseline {} itself has changed in {}: B/A is {:.3f}",
          difference.arm, difference.scenario, difference.ratio.value));
    }
    return drift;
  }

  const std::span<const Results> a_;
  const std::span<const Results> b_;
  const Plan& plan_;  // of the first run of A
  const double margin_;
  DifferenceReport report_;
};

}  // namespace

DifferenceReport Compare(std::span<const Results> a, std::span<const Results> b,
                         double margin) {
  return Comparison(a, b, margin).Run();
}

}  // namespace polymux::bench
