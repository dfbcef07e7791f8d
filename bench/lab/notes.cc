#include "bench/lab/notes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "bench/lab/flags.h"
#include "bench/lab/statistics.h"

namespace polymux::bench {
namespace {

using NoteList = std::vector<std::string>;

// The names of the arms, in the plan's order, that have a valid trial with this
// flag in this scenario (or in any).
std::vector<std::string> ArmsWithFlag(const Results& results,
                                      std::optional<std::size_t> scenario,
                                      std::string_view flag) {
  std::set<std::size_t> arms;
  for (const Trial& trial : results.trials) {
    if (!trial.valid() || (scenario && trial.slot.scenario != *scenario)) {
      continue;
    }
    const auto flags = Flags(results.plan, trial);
    if (std::ranges::find(flags, flag) != flags.end()) {
      arms.insert(trial.slot.arm);
    }
  }
  std::vector<std::string> names;
  names.reserve(arms.size());
  for (const std::size_t arm : arms) {
    names.push_back(results.plan.arms[arm].name);
  }
  return names;
}

void NoteIncomplete(const Results& results, NoteList& notes) {
  if (results.complete) return;
  notes.push_back(fmt::format("Incomplete: {} of {} trials were run.",
                              results.trials.size(),
                              Schedule(results.plan).size()));
}

void NoteInvalid(const Plan& plan, std::span<const Cell> cells,
                 NoteList& notes) {
  for (const Cell& cell : cells) {
    if (cell.invalid_trials == 0) continue;
    notes.push_back(fmt::format(
        "{}, {}: {} of {} trials invalid; the first: {}",
        plan.scenarios[cell.scenario].name, plan.arms[cell.arm].name,
        cell.invalid_trials, cell.valid_trials + cell.invalid_trials,
        cell.first_reason));
  }
}

// A note for each scenario in which some arms have the flag.
void NoteFlag(const Results& results, std::string_view flag,
              std::string_view meaning, NoteList& notes) {
  const auto& scenarios = results.plan.scenarios;
  for (std::size_t scenario = 0; scenario < scenarios.size(); ++scenario) {
    const auto arms = ArmsWithFlag(results, scenario, flag);
    if (arms.empty()) continue;
    notes.push_back(fmt::format("{}: {} ({}): {}", scenarios[scenario].name,
                                flag, fmt::join(arms, ", "), meaning));
  }
}

void NoteCpus(const Results& results, NoteList& notes) {
  const Plan& plan = results.plan;
  if (plan.cpus.server.empty()) {
    notes.push_back("One CPU: server and load generator share it.");
  } else if (plan.reactors + plan.load_threads > results.environment.cpus) {
    notes.push_back(fmt::format(
        "{} reactors and {} load threads on {} CPUs: they compete.",
        plan.reactors, plan.load_threads, results.environment.cpus));
  }
}

// Effects that are missing for want of rounds.
void NoteTooFewRounds(const Plan& plan, std::span<const Cell> cells,
                      NoteList& notes) {
  for (std::size_t scenario = 0; scenario < plan.scenarios.size(); ++scenario) {
    int rounds = 0;
    bool lacks = false;
    for (const Cell& cell : cells) {
      if (cell.scenario != scenario || !cell.ratio || cell.effect) continue;
      lacks = true;
      rounds = std::max(rounds, cell.valid_trials - cell.tainted_trials);
    }
    if (!lacks) continue;
    const double confidence =
        std::max(ArmConfidence(plan, scenario), ControlConfidence(plan));
    notes.push_back(fmt::format(
        "{}: {} good rounds are too few for an interval of {:.4g} % (needed so "
        "that all of them together hold with {:g} %), which takes {}: no "
        "verdict.",
        plan.scenarios[scenario].name, rounds, 100 * confidence,
        100 * plan.confidence, ValuesNeeded(confidence)));
  }
}

void NoteTainted(const Plan& plan, std::span<const Cell> cells,
                 NoteList& notes) {
  for (const Cell& cell : cells) {
    if (cell.tainted_trials == 0) continue;
    std::string note = fmt::format(
        "{}, {}: {} of {} trials were disturbed and do not count",
        plan.scenarios[cell.scenario].name, plan.arms[cell.arm].name,
        cell.tainted_trials, cell.valid_trials);
    if (cell.effect && cell.effect_with_tainted) {
      note += fmt::format(
          "; with them, and without what was repeated for "
          "them, the ratio is {:.3f} [{:.3f}, {:.3f}]",
          cell.effect_with_tainted->ratio, cell.effect_with_tainted->low,
          cell.effect_with_tainted->high);
    }
    notes.push_back(note + ".");
  }
}

void NoteControl(const Plan& plan, NoteList& notes) {
  notes.push_back(
      plan.control.empty()
          ? fmt::format("There is no control, hence no verdict: what chance "
                        "does here is not known. A second copy of {0} shows "
                        "it: --arms {0},{0},...",
                        plan.baseline)
          : fmt::format("{} is {} once more: what its interval spans is noise. "
                        "Less than half of that is no difference.",
                        plan.control, plan.baseline));
}

}  // namespace

std::vector<std::string> Notes(const Results& results,
                               std::span<const Cell> cells) {
  NoteList notes;
  NoteIncomplete(results, notes);
  NoteInvalid(results.plan, cells, notes);
  NoteTooFewRounds(results.plan, cells, notes);
  NoteTainted(results.plan, cells, notes);
  NoteFlag(results, kClientBound,
           "* the server was less than 90 % busy, so do not rank by msg/s or "
           "latency; CPU per message stands.",
           notes);
  NoteFlag(results, kUnsaturated,
           "the load generator had time to spare too; other programs took the "
           "CPUs, or too few messages were on the way.",
           notes);
  NoteCpus(results, notes);
  NoteControl(results.plan, notes);
  notes.push_back(fmt::format(
      "[low, high]: the true ratios of all arms of a scenario lie in these "
      "with "
      "{:g} % confidence. Equivalent: within {:g} % of the baseline.",
      100 * results.plan.confidence, 100 * results.plan.margin));
  return notes;
}

std::string DebugWarning(const Results& results) {
  std::vector<std::string> culprits =
      ArmsWithFlag(results, std::nullopt, kDebugBuild);
  if (!IsOptimised(results.environment.build)) {
    culprits.insert(culprits.begin(), "this program");
  }
  if (culprits.empty()) return {};
  return fmt::format(
      "DO NOT QUOTE: not an optimised build (debug or sanitizer): {}.",
      fmt::join(culprits, ", "));
}

}  // namespace polymux::bench
