#include "bench/verbs/difference.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <ctime>
#include <iterator>
#include <map>
#include <random>
#include <utility>

#include "apps/flag_values.h"
#include "bench/lab/metrics.h"
#include "bench/lab/selection.h"
#include "bench/verbs/mann_whitney.h"

namespace polymux::bench {
namespace {

constexpr int kResamples = 4000;
constexpr std::uint64_t kSeed = 20'090'101;
// With fewer rounds the bootstrap's intervals are too narrow to be believed.
constexpr std::size_t kMinRounds = 6;
constexpr double kFarApart = 24 * 3600;  // s

// What the trial of a round that counts says.
struct Observation {
  double log_cost;  // of the primary metric
  int attempt;
};
using Rounds = std::map<int, Observation>;

// The rounds of one arm in one scenario: the undisturbed ones where they are
// enough for a verdict, as in Analyze, else all.
struct ArmRounds {
  Rounds rounds;
  bool enough = false;
};

template <typename T>
std::optional<std::size_t> IndexOf(const std::vector<T>& all,
                                   const std::string& name) {
  const auto found = std::ranges::find(all, name, &T::name);
  if (found == all.end()) return std::nullopt;
  return static_cast<std::size_t>(found - all.begin());
}

Rounds Observe(const TrialByRound& trials, const Scenario& scenario) {
  Rounds rounds;
  for (const auto& [round, trial] : trials) {
    const auto value = FindMetric(kPrimaryMetric).value(*trial, scenario);
    if (value && *value > 0) {
      rounds[round] = {std::log(*value), trial->slot.attempt};
    }
  }
  return rounds;
}

ArmRounds RoundsOf(const Results& results, const std::string& scenario_name,
                   const std::string& arm_name) {
  const auto scenario = IndexOf(results.plan.scenarios, scenario_name);
  const auto arm = IndexOf(results.plan.arms, arm_name);
  if (!scenario || !arm) return {};
  const SelectedTrials selected = SelectTrials(results.trials, *scenario, *arm);
  Rounds clean = Observe(selected.clean, results.plan.scenarios[*scenario]);
  if (clean.size() >= kMinRounds) return {std::move(clean), true};
  return {Observe(selected.best, results.plan.scenarios[*scenario]), false};
}

std::vector<double> Values(const Rounds& rounds) {
  std::vector<double> values;
  for (const auto& [round, observation] : rounds) {
    values.push_back(observation.log_cost);
  }
  return values;
}

// Arm over baseline where both were measured in the same attempt at a round:
// what the machine did in it is in both.
std::vector<double> Ratios(const Rounds& arm, const Rounds& baseline) {
  std::vector<double> ratios;
  for (const auto& [round, observation] : arm) {
    const auto found = baseline.find(round);
    if (found == baseline.end() ||
        found->second.attempt != observation.attempt) {
      continue;
    }
    ratios.push_back(observation.log_cost - found->second.log_cost);
  }
  return ratios;
}

// REQUIRES: not empty.
double Median(std::vector<double>& values) {
  const auto middle =
      values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

class Bootstrap {
 public:
  // Of exp(median of `b` - median of `a`).  REQUIRES: neither is empty.
  Estimate Interval(std::vector<double> a, std::vector<double> b,
                    double level) {
    std::vector<double> draws;
    draws.reserve(kResamples);
    for (int i = 0; i < kResamples; ++i) {
      draws.push_back(DrawMedian(b) - DrawMedian(a));
    }
    std::ranges::sort(draws);
    const double tail = (1 - level) / 2;
    return {.value = std::exp(Median(b) - Median(a)),
            .low = std::exp(Quantile(draws, tail)),
            .high = std::exp(Quantile(draws, 1 - tail))};
  }

 private:
  static double Quantile(const std::vector<double>& sorted, double share) {
    const double at = share * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(at);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    return std::lerp(sorted[below], sorted[above],
                     at - static_cast<double>(below));
  }

  double DrawMedian(const std::vector<double>& values) {
    drawn_.clear();
    for (std::size_t i = 0; i < values.size(); ++i) {
      drawn_.push_back(values[random_() % values.size()]);
    }
    return Median(drawn_);
  }

  std::mt19937_64 random_{kSeed};
  std::vector<double> drawn_;
};

std::vector<double> Unlogged(std::vector<double> values) {
  for (double& value : values) value = std::exp(value);
  return values;
}

// The comparison of two results files.
class Comparison {
 public:
  Comparison(const Results& a, const Results& b, double margin)
      : a_(a), b_(b), margin_(margin) {
    if (a.plan.baseline == b.plan.baseline) report_.baseline = a.plan.baseline;
  }

  DifferenceReport Run() {
    for (const Scenario& scenario : a_.plan.scenarios) {
      const Scenario* const other = Find(b_.plan.scenarios, scenario.name);
      if (other == nullptr) {
        Miss("B has no scenario " + scenario.name);
      } else if (!IsSame(scenario, *other)) {
        Miss(fmt::format("scenario {} is another one in B ({}) than in A ({})",
                         scenario.name, other->Describe(),
                         scenario.Describe()));
      } else {
        CompareScenario(scenario.name);
      }
    }
    for (const Scenario& scenario : b_.plan.scenarios) {
      if (Find(a_.plan.scenarios, scenario.name) == nullptr) {
        Miss("A has no scenario " + scenario.name);
      }
    }
    for (const Arm& arm : b_.plan.arms) {
      if (Find(a_.plan.arms, arm.name) == nullptr) {
        Miss("A has no arm " + arm.name);
      }
    }
    for (const Arm& arm : a_.plan.arms) {
      if (Find(b_.plan.arms, arm.name) == nullptr) {
        Miss("B has no arm " + arm.name);
      }
    }
    FindDrift();
    return std::move(report_);
  }

 private:
  template <typename T>
  static const T* Find(const std::vector<T>& all, const std::string& name) {
    const auto found = std::ranges::find(all, name, &T::name);
    return found == all.end() ? nullptr : &*found;
  }

  static bool IsSame(const Scenario& a, const Scenario& b) {
    return a.active == b.active && a.idle == b.idle && a.depth == b.depth &&
           a.message_size == b.message_size && a.rate == b.rate &&
           a.Describe() == b.Describe();
  }

  void Miss(std::string what) { report_.missing.push_back(std::move(what)); }

  void CompareScenario(const std::string& scenario) {
    std::vector<const Arm*> arms;
    for (const Arm& arm : a_.plan.arms) {
      if (Find(b_.plan.arms, arm.name) != nullptr) arms.push_back(&arm);
    }
    const double confidence =
        1 - (1 - a_.plan.confidence) /
                static_cast<double>(std::max<std::size_t>(1, arms.size()));
    std::vector<Difference> differences;
    for (const Arm* const arm : arms) {
      auto difference = CompareArm(scenario, arm->name, confidence);
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
    const auto [rounds_a, enough_a] = RoundsOf(a_, scenario, arm);
    const auto [rounds_b, enough_b] = RoundsOf(b_, scenario, arm);
    if (rounds_a.empty() || rounds_b.empty()) {
      Miss(fmt::format("{} has no valid trial of {} in {}",
                       rounds_a.empty() ? "A" : "B", arm, scenario));
      return std::nullopt;
    }
    Bootstrap bootstrap;
    auto values_a = Values(rounds_a);
    auto values_b = Values(rounds_b);
    Difference difference{
        .scenario = scenario,
        .arm = arm,
        .median_a = std::exp(Median(values_a)),
        .median_b = std::exp(Median(values_b)),
        .rounds_a = static_cast<int>(rounds_a.size()),
        .rounds_b = static_cast<int>(rounds_b.size()),
        .enough_rounds = enough_a && enough_b,
        .ratio = bootstrap.Interval(values_a, values_b, confidence),
        .p_value = MannWhitneyP(Unlogged(values_a), Unlogged(values_b))};
    if (report_.baseline.empty() || arm == report_.baseline) return difference;
    const auto ratios_a =
        Ratios(rounds_a, RoundsOf(a_, scenario, report_.baseline).rounds);
    const auto ratios_b =
        Ratios(rounds_b, RoundsOf(b_, scenario, report_.baseline).rounds);
    if (!ratios_a.empty() && !ratios_b.empty()) {
      difference.relative = bootstrap.Interval(ratios_a, ratios_b, confidence);
      difference.enough_rounds =
          difference.enough_rounds &&
          std::min(ratios_a.size(), ratios_b.size()) >= kMinRounds;
    }
    return difference;
  }

  // How far apart the control of A and that of B are said to be, though both
  // are copies of the baseline; as a logarithm.
  double Noise(const std::vector<Difference>& differences) const {
    double noise = 0;
    for (const Difference& difference : differences) {
      if (difference.arm != a_.plan.control ||
          difference.arm != b_.plan.control) {
        continue;
      }
      const Estimate& interval = difference.preferred();
      noise = (std::log(interval.high) - std::log(interval.low)) / 2;
    }
    return noise;
  }

  Verdict Judge(const Difference& difference, double noise) const {
    if (!difference.enough_rounds) return Verdict::kInconclusive;
    const Estimate& estimate = difference.preferred();
    if (estimate.low >= 1 - margin_ && estimate.high <= 1 + margin_) {
      return Verdict::kEquivalent;
    }
    if (std::abs(std::log(estimate.value)) <= noise) {
      return Verdict::kInconclusive;
    }
    if (estimate.high < 1) return Verdict::kFaster;
    if (estimate.low > 1) return Verdict::kSlower;
    return Verdict::kInconclusive;
  }

  void Drift(std::string_view what, const std::string& a,
             const std::string& b) {
    if (a == b) return;
    const auto shown = [](const std::string& text) {
      return text.empty() ? "not known" : text;
    };
    report_.drift.push_back(
        fmt::format("{}: A {}, B {}", what, shown(a), shown(b)));
  }

  void FindDrift() {
    const Environment& a = a_.environment;
    const Environment& b = b_.environment;
    Drift("CPU", a.cpu_model, b.cpu_model);
    Drift("number of CPUs", fmt::to_string(a.cpus), fmt::to_string(b.cpus));
    Drift("memory in MiB", fmt::to_string(a.memory_bytes >> 20),
          fmt::to_string(b.memory_bytes >> 20));
    Drift("kernel", a.kernel, b.kernel);
    Drift("compiler", a.build.compiler, b.build.compiler);
    Drift("optimised", a.build.ndebug ? "yes" : "no",
          b.build.ndebug ? "yes" : "no");
    Drift("sanitizer", a.build.sanitizer, b.build.sanitizer);
    Drift("frequency governor", a.governor, b.governor);
    Drift("clock", a.clock_source, b.clock_source);
    Drift("virtualisation", a.virtualisation, b.virtualisation);
    Drift("somaxconn", a.somaxconn, b.somaxconn);
    DriftOfPlan();
    DriftOfArms();
    DriftOfRun("A", a_);
    DriftOfRun("B", b_);
    DriftInTime();
    DriftOfBaseline();
  }

  void DriftOfPlan() {
    const Plan& a = a_.plan;
    const Plan& b = b_.plan;
    Drift("reactors", fmt::to_string(a.reactors), fmt::to_string(b.reactors));
    Drift("load threads", fmt::to_string(a.load_threads),
          fmt::to_string(b.load_threads));
    Drift("window", FormatDuration(a.window), FormatDuration(b.window));
    Drift("warm-up", FormatDuration(a.warm_up), FormatDuration(b.warm_up));
    Drift("confidence", fmt::to_string(a.confidence),
          fmt::to_string(b.confidence));
    Drift("CPUs of the server", Cpus(a.cpus.server), Cpus(b.cpus.server));
    Drift("CPUs of the load", Cpus(a.cpus.load), Cpus(b.cpus.load));
  }

  static std::string Cpus(const std::vector<int>& cpus) {
    return cpus.empty() ? "shared" : fmt::format("{}", fmt::join(cpus, ","));
  }

  // The same name for another program.
  void DriftOfArms() {
    const auto describe = [](const Arm& arm) {
      return fmt::format("{} {}", ToString(arm.kind), arm.target);
    };
    for (const Arm& arm : a_.plan.arms) {
      const Arm* const other = Find(b_.plan.arms, arm.name);
      if (other == nullptr) continue;
      Drift("what " + arm.name + " is", describe(arm), describe(*other));
    }
  }

  // What speaks against one of the two by itself.
  void DriftOfRun(std::string_view which, const Results& results) {
    if (!results.complete) {
      report_.drift.push_back(fmt::format("{} is incomplete", which));
    }
    const Analysis analysis = Analyze(results.plan, results.trials);
    for (const ControlCheck& control : analysis.controls) {
      if (control.sound) continue;
      report_.drift.push_back(fmt::format(
          "{} is not to be quoted: its control came out as different in {}",
          which, results.plan.scenarios[control.scenario].name));
    }
  }

  void DriftInTime() {
    const auto parse = [](const std::string& date) -> std::optional<double> {
      std::tm time{};
      if (strptime(date.c_str(), "%Y-%m-%dT%H:%M:%SZ", &time) == nullptr) {
        return std::nullopt;
      }
      return static_cast<double>(timegm(&time));
    };
    const auto a = parse(a_.environment.date);
    const auto b = parse(b_.environment.date);
    if (!a || !b || std::abs(*a - *b) <= kFarApart) return;
    report_.drift.push_back(fmt::format(
        "A was measured on {}, B on {}: {:.0f} days apart",
        a_.environment.date.substr(0, 10), b_.environment.date.substr(0, 10),
        std::abs(*a - *b) / kFarApart));
  }

  // The same code at another pace: the machine has changed, or the code.
  void DriftOfBaseline() {
    for (const Difference& difference : report_.differences) {
      if (difference.arm != report_.baseline ||
          (difference.ratio.low <= 1 && difference.ratio.high >= 1)) {
        continue;
      }
      report_.drift.push_back(fmt::format(
          "the baseline {} itself has changed in {}: B/A is {:.3f}",
          difference.arm, difference.scenario, difference.ratio.value));
    }
  }

  const Results& a_;
  const Results& b_;
  const double margin_;
  DifferenceReport report_;
};

}  // namespace

DifferenceReport Compare(const Results& a, const Results& b, double margin) {
  return Comparison(a, b, margin).Run();
}

}  // namespace polymux::bench
