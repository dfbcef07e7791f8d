// How often are identical arms told apart, and how often is a slower one found?
//
//   verdict_rates FILE     resamples the rounds of a recorded results.json
//   verdict_rates          simulates runs with noise of known size
//   verdict_rates --table  simulates whole tables, of six scenarios and seven
//                          arms, on machines that change
//
// In a recorded run the arms that are the same program as the baseline ("x#2",
// "x#3" ...) are identical; all others are taken to differ.  The control itself
// gets no verdict: record two copies more than one.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "bench/lab/analysis.h"
#include "bench/lab/read_results.h"
#include "tests/bench/resample.h"
#include "tests/bench/simulated_run.h"

namespace polymux::bench {
namespace {

struct Options {
  std::string file;
  bool table = false;
  int rounds = 24;
  int runs = 2000;
  int block = 4;
  std::uint64_t seed = 1;
};

// Of one arm in one scenario, over the runs.
struct Tally {
  int runs = 0;
  std::map<Verdict, int> verdicts;

  double Share(Verdict verdict) const {
    const auto found = verdicts.find(verdict);
    return found == verdicts.end()
               ? 0
               : static_cast<double>(found->second) / std::max(1, runs);
  }
  double Apart() const {
    return Share(Verdict::kFaster) + Share(Verdict::kSlower);
  }
};

// By scenario and arm.
using Tallies = std::map<std::pair<std::size_t, std::size_t>, Tally>;

void Count(const Analysis& analysis, Tallies& tallies) {
  for (const Cell& cell : analysis.cells) {
    if (!cell.verdict) continue;
    Tally& tally = tallies[{cell.scenario, cell.arm}];
    ++tally.runs;
    ++tally.verdicts[*cell.verdict];
  }
}

std::vector<std::size_t> CopiesOfBaseline(const Plan& plan) {
  const auto baseline = std::ranges::find(plan.arms, plan.baseline, &Arm::name);
  std::vector<std::size_t> copies;
  for (std::size_t i = 0; i < plan.arms.size(); ++i) {
    const Arm& arm = plan.arms[i];
    if (baseline != plan.arms.end() && arm.kind == baseline->kind &&
        arm.target == baseline->target) {
      copies.push_back(i);
    }
  }
  return copies;
}

// The standard deviation of the log-ratios that a normal distribution with the
// same quartiles would have: what `noise` is in a simulation.
double NoiseOf(const Results& results, std::size_t scenario, std::size_t arm) {
  std::map<int, std::map<std::size_t, double>> cost;
  for (const Trial& trial : results.trials) {
    if (trial.slot.scenario != scenario || !trial.valid() ||
        !trial.load.server_cpu_ns || trial.load.messages == 0) {
      continue;
    }
    cost[trial.slot.round][trial.slot.arm] =
        static_cast<double>(*trial.load.server_cpu_ns) /
        static_cast<double>(trial.load.messages);
  }
  const std::size_t baseline = static_cast<std::size_t>(
      std::ranges::find(results.plan.arms, results.plan.baseline, &Arm::name) -
      results.plan.arms.begin());
  std::vector<double> log_ratios;
  for (const auto& [round, by_arm] : cost) {
    if (by_arm.contains(arm) && by_arm.contains(baseline)) {
      log_ratios.push_back(std::log(by_arm.at(arm) / by_arm.at(baseline)));
    }
  }
  if (log_ratios.size() < 4) return 0;
  std::ranges::sort(log_ratios);
  const auto quartile = log_ratios.size() / 4;
  return (log_ratios[log_ratios.size() - 1 - quartile] - log_ratios[quartile]) /
         1.349;
}

void PrintTallies(const Results& results, const Tallies& tallies,
                  std::span<const std::size_t> copies) {
  fmt::print("{:<12} {:<16} {:>9} {:>7} {:>7} {:>11} {:>13} {:>7}\n",
             "scenario", "arm", "is", "faster", "slower", "equivalent",
             "inconclusive", "noise");
  for (const auto& [key, tally] : tallies) {
    const auto [scenario, arm] = key;
    const bool same = std::ranges::find(copies, arm) != copies.end();
    fmt::print(
        "{:<12} {:<16} {:>9} {:>6.1f}% {:>6.1f}% {:>10.1f}% {:>12.1f}% "
        "{:>6.2f}%\n",
        results.plan.scenarios[scenario].name, results.plan.arms[arm].name,
        same ? "identical" : "different", 100 * tally.Share(Verdict::kFaster),
        100 * tally.Share(Verdict::kSlower),
        100 * tally.Share(Verdict::kEquivalent),
        100 * tally.Share(Verdict::kInconclusive),
        100 * NoiseOf(results, scenario, arm));
  }
}

int Resample(const Options& options) {
  const Results results = ReadResults(options.file);
  const auto copies = CopiesOfBaseline(results.plan);
  std::mt19937_64 random(options.seed);
  Tallies as_recorded;
  Tallies exchanged;
  for (int run = 0; run < options.runs; ++run) {
    auto trials =
        ResampleRounds(results.trials, options.rounds, options.block, random);
    Count(Analyze(results.plan, trials), as_recorded);
    ExchangeCopies(copies, trials, random);
    Count(Analyze(results.plan, trials), exchanged);
  }
  fmt::print(
      "{} runs of {} rounds, resampled from {} in blocks of {}.\n\n"
      "As recorded:\n",
      options.runs, options.rounds, options.file, options.block);
  PrintTallies(results, as_recorded, copies);
  fmt::print("\nIdentical arms exchanged at random within each round:\n");
  PrintTallies(results, exchanged, copies);
  return 0;
}

void SimulateRow(const Options& options, double noise, bool heavy_tails) {
  fmt::print("{:>4.1f} %", 100 * noise);
  for (const int rounds : {12, 24, 36, 48}) {
    const Plan plan = SimulatedPlan(rounds);
    const Simulation simulation{
        .rounds = rounds, .noise = noise, .heavy_tails = heavy_tails};
    std::mt19937_64 random(options.seed);
    Tallies tallies;
    for (int run = 0; run < options.runs; ++run) {
      Count(Analyze(plan, SimulateTrials(simulation, random)), tallies);
    }
    fmt::print(" {:>8.1f} {:>5.1f} {:>5.1f}", 100 * tallies[{0, 3}].Apart(),
               100 * tallies[{0, 2}].Apart(),
               100 * tallies[{0, 2}].Share(Verdict::kEquivalent));
  }
  fmt::print("\n");
}

int Simulate(const Options& options) {
  for (const bool heavy_tails : {false, true}) {
    fmt::print(
        "{}: in % of {} runs; 3 % found, identical told apart, identical "
        "equivalent\n noise",
        heavy_tails ? "heavy tails" : "normal", options.runs);
    for (const int rounds : {12, 24, 36, 48}) {
      fmt::print(" {:>20}", fmt::format("{} rounds", rounds));
    }
    fmt::print("\n");
    for (const double noise :
         {0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.06}) {
      SimulateRow(options, noise, heavy_tails);
    }
  }
  return 0;
}

struct NamedMachine {
  const char* name;
  SimulatedMachine machine;
};

constexpr NamedMachine kMachines[] = {
    {"noise 1.5 %", {.noise = 0.015}},
    {"noise 3 %", {.noise = 0.03}},
    {"noise 3 %, heavy tails", {.noise = 0.03, .heavy_tails = true}},
    {"two speeds, 30 trials each", {.noise = 0.01, .switching = 1 / 30.0}},
    {"two speeds, 8 trials each", {.noise = 0.01, .switching = 1 / 8.0}},
    {"pace wanders by 2 %", {.noise = 0.01, .wandering = 0.02}},
    {"pace wanders by 5 %", {.noise = 0.01, .wandering = 0.05}},
};

// Runs of one plan on one machine.
struct TableTally {
  int runs = 0;
  int with_false_verdict = 0;
  int with_unsound_control = 0;
  Tally injected = {};
  Tally identical = {};
};

bool IsApart(const Cell& cell) {
  return cell.verdict == Verdict::kFaster || cell.verdict == Verdict::kSlower;
}

void CountTable(const Analysis& analysis, TableTally& tally) {
  ++tally.runs;
  if (std::ranges::any_of(analysis.cells, IsApart)) ++tally.with_false_verdict;
  if (!std::ranges::all_of(analysis.controls, &ControlCheck::sound)) {
    ++tally.with_unsound_control;
  }
  for (const Cell& cell : analysis.cells) {
    if (!cell.verdict) continue;
    ++tally.identical.runs;
    ++tally.identical.verdicts[*cell.verdict];
  }
}

void CountInjected(const Plan& plan, const Analysis& analysis, Tally& tally) {
  for (const Cell& cell : analysis.cells) {
    if (plan.arms[cell.arm].name != "d") continue;
    ++tally.runs;
    if (cell.verdict) ++tally.verdicts[*cell.verdict];
  }
}

void SimulateTableRow(const Options& options, int rounds,
                      const NamedMachine& machine) {
  Plan plan = SimulatedTable(rounds);
  std::mt19937_64 random(options.seed);
  TableTally tally;
  const auto simulate = [&](double injected) {
    plan.seed = random();
    return Analyze(plan, SimulateMachine(machine.machine, Schedule(plan),
                                         injected, random));
  };
  for (int run = 0; run < options.runs; ++run) {
    CountTable(simulate(0), tally);
    CountInjected(plan, simulate(0.03), tally.injected);
  }
  const double runs = tally.runs;
  fmt::print("{:<28} {:>6} {:>9.1f}% {:>10.1f}% {:>8.1f}% {:>10.1f}%\n",
             machine.name, rounds, 100 * tally.with_false_verdict / runs,
             100 * tally.with_unsound_control / runs,
             100 * tally.injected.Share(Verdict::kSlower),
             100 * tally.identical.Share(Verdict::kEquivalent));
  std::fflush(stdout);
}

int SimulateTables(const Options& options) {
  fmt::print(
      "{} runs each: those with a false verdict anywhere, with an unsound "
      "control\nanywhere; cells with 3 % more found, and of identical arms "
      "equivalent\n\n{:<28} {:>6} {:>10} {:>11} {:>9} {:>11}\n",
      options.runs, "machine", "rounds", "false", "unsound", "found",
      "equivalent");
  for (const int rounds : {12, 24, 36}) {
    for (const NamedMachine& machine : kMachines) {
      SimulateTableRow(options, rounds, machine);
    }
  }
  return 0;
}

int Main(int argc, char** argv) {
  Options options;
  CLI::App app("How often verdicts are right.");
  app.add_option("file", options.file, "results.json; none: simulate");
  app.add_flag("--table", options.table, "simulate whole tables");
  app.add_option("--rounds", options.rounds, "rounds of a resampled run");
  app.add_option("--runs", options.runs, "how many runs");
  app.add_option("--block", options.block, "consecutive rounds drawn together");
  app.add_option("--seed", options.seed, "of the draws");
  CLI11_PARSE(app, argc, argv);
  try {
    if (options.table) return SimulateTables(options);
    return options.file.empty() ? Simulate(options) : Resample(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "verdict_rates: {}\n", error.what());
    return 1;
  }
}

}  // namespace
}  // namespace polymux::bench

int main(int argc, char** argv) { return polymux::bench::Main(argc, argv); }
