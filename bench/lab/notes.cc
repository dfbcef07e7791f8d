#include "bench/lab/notes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "bench/lab/flags.h"

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
    const auto flags = Flags(trial);
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

void NoteControl(const Plan& plan, NoteList& notes) {
  const std::string copy = plan.baseline + "#2";
  const bool has_control =
      std::ranges::find(plan.arms, copy, &Arm::name) != plan.arms.end();
  notes.push_back(
      has_control
          ? fmt::format("{} is the baseline once more: the distance of its "
                        "ratio from 1 is noise.",
                        copy)
          : fmt::format("To see the noise, name the baseline twice: --arms "
                        "{0},{0},...",
                        plan.baseline));
}

}  // namespace

std::vector<std::string> Notes(const Results& results,
                               std::span<const Cell> cells) {
  NoteList notes;
  NoteIncomplete(results, notes);
  NoteInvalid(results.plan, cells, notes);
  NoteFlag(results, kClientBound,
           "the server was less than 90 % busy, so do not rank by msg/s or "
           "latency; CPU per message stands.",
           notes);
  NoteFlag(results, kUnsaturated,
           "the load generator had time to spare too; other programs took the "
           "CPUs, or too few messages were on the way.",
           notes);
  NoteCpus(results, notes);
  NoteControl(results.plan, notes);
  notes.push_back(
      "min..max are the extremes of the rounds, not a confidence interval.");
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
