#include "bench/lab/notes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <utility>

#include "bench/lab/flags.h"
#include "bench/lab/metrics.h"
#include "bench/lab/statistics.h"
#include "bench/lab/text.h"

namespace polymux::bench {
namespace {

using NoteList = std::vector<std::string>;

// So many are told by name.
constexpr std::size_t kMostNames = 2;

// Trials of one arm in one scenario, and how many of them a note is about.
struct Share {
  std::string_view arm;
  int concerned;
  int trials;
};

// "poll, select 2 of 24", "31 of 240 trials" of more arms, "all trials".
std::string Describe(std::span<const Share> shares) {
  std::vector<std::string> arms;
  int concerned = 0;
  int trials = 0;
  for (const Share& share : shares) {
    concerned += share.concerned;
    trials += share.trials;
    if (share.concerned == 0) continue;
    arms.push_back(share.concerned == share.trials
                       ? std::string(share.arm)
                       : fmt::format("{} {} of {}", share.arm, share.concerned,
                                     share.trials));
  }
  if (concerned == 0) return {};
  if (concerned == trials) return "all trials";
  if (arms.size() <= kMostNames) {
    return fmt::format("{}", fmt::join(arms, ", "));
  }
  return fmt::format("{} of {} trials", concerned, trials);
}

// "small (poll), crowd (all trials)": the scenarios that a note is about;
// `shares_of` tells of the arms of one. Empty: none.
template <typename SharesOf>
std::string Places(const Plan& plan, const SharesOf& shares_of) {
  std::vector<std::string> places;
  for (std::size_t i = 0; i < plan.scenarios.size(); ++i) {
    const std::string who = Describe(shares_of(i));
    if (who.empty()) continue;
    places.push_back(fmt::format("{} ({})", plan.scenarios[i].name, who));
  }
  return fmt::format("{}", fmt::join(places, ", "));
}

void NoteIncomplete(const Results& results, NoteList& notes) {
  if (results.complete) return;
  notes.push_back(fmt::format("Incomplete: {} of {} trials were run.",
                              results.trials.size(),
                              CountTrials(results.plan)));
}

// How an arm has missed the floor of valid rounds; empty: it has not.
std::string WhyNoVerdict(const Cell& cell) {
  if (!cell.ratio || HasEnoughRounds(cell)) return {};
  return fmt::format(
      ", {} of {} rounds valid with the baseline, fewer than half: no verdict",
      cell.compared_rounds, cell.rounds_run);
}

void NoteInvalid(const Plan& plan, std::span<const Cell> cells,
                 NoteList& notes) {
  for (const Cell& cell : cells) {
    if (cell.invalid_trials == 0) continue;
    notes.push_back(fmt::format(
        "{}, {}: {} of {} trials invalid{}; the first: {}",
        plan.scenarios[cell.scenario].name, plan.arms[cell.arm].name,
        cell.invalid_trials, cell.valid_trials + cell.invalid_trials,
        WhyNoVerdict(cell), cell.first_reason));
  }
}

void NoteFlag(const Results& results, std::string_view flag,
              std::string_view meaning, NoteList& notes) {
  const Plan& plan = results.plan;
  const std::string places = Places(plan, [&](std::size_t scenario) {
    std::vector<Share> shares;
    for (std::size_t arm = 0; arm < plan.arms.size(); ++arm) {
      const auto [flagged, trials] =
          CountFlag(plan, results.trials, scenario, arm, flag);
      shares.push_back({plan.arms[arm].name, flagged, trials});
    }
    return shares;
  });
  if (places.empty()) return;
  notes.push_back(fmt::format("{} in {}: {}", flag, places, meaning));
}

// How evenly several loops were busy.
void NoteBalance(const Plan& plan, std::span<const Cell> cells,
                 NoteList& notes) {
  for (std::size_t i = 0; i < plan.scenarios.size(); ++i) {
    const int reactors = plan.scenarios[i].reactors.value_or(plan.reactors);
    // In a fan-out one connection's loop reads everything.
    if (reactors < 2 || plan.scenarios[i].fan_out) continue;
    std::vector<std::string> shares;
    for (const Cell& cell : cells) {
      const auto busiest = cell.Find(kBusiestLoopShare);
      const auto quietest = cell.Find(kQuietestLoopShare);
      // Results of older versions have the busiest alone.
      if (cell.scenario != i || !busiest || !quietest) continue;
      shares.push_back(
          fmt::format("{} {:.0f} to {:.0f} %", plan.arms[cell.arm].name,
                      100 * quietest->median, 100 * busiest->median));
    }
    if (shares.empty()) continue;
    notes.push_back(fmt::format("{}: each of {} loops read so much of all: {}.",
                                plan.scenarios[i].name, reactors,
                                fmt::join(shares, ", ")));
  }
}

void NoteCpus(const Results& results, NoteList& notes) {
  const CpuAssignment& cpus = results.plan.cpus;
  if (cpus.server.empty()) {
    notes.push_back("One CPU: server and load generator share it.");
    return;
  }
  NoteFlag(results, kOversubscribed,
           fmt::format("more reactors and load threads than the {} CPUs; they "
                       "compete.",
                       cpus.server.size() + cpus.load.size()),
           notes);
}

// Why a scenario lacks effects for want of rounds; empty: it does not.
std::string TooFewRounds(const Plan& plan, std::span<const Cell> cells,
                         std::size_t scenario) {
  const auto shortage = FindRoundShortage(plan, cells, scenario);
  if (!shortage) return {};
  return fmt::format(
      "{} {} too few for an interval of {:.4g} % (needed so that all of them "
      "together hold with {:g} %), which takes {}: no verdict.",
      Counted(shortage->rounds, "round"), shortage->rounds == 1 ? "is" : "are",
      100 * shortage->confidence, 100 * plan.confidence, shortage->needed);
}

// One note for all scenarios of which the same is to be said.
void NoteTooFewRounds(const Plan& plan, std::span<const Cell> cells,
                      NoteList& notes) {
  std::vector<std::pair<std::string, std::vector<std::string>>> reasons;
  for (std::size_t i = 0; i < plan.scenarios.size(); ++i) {
    const std::string reason = TooFewRounds(plan, cells, i);
    if (reason.empty()) continue;
    auto same = std::ranges::find(
        reasons, reason,
        &std::pair<std::string, std::vector<std::string>>::first);
    if (same == reasons.end()) same = reasons.insert(same, {reason, {}});
    same->second.push_back(plan.scenarios[i].name);
  }
  for (const auto& [reason, scenarios] : reasons) {
    notes.push_back(fmt::format("{}: {}", fmt::join(scenarios, ", "), reason));
  }
}

void NoteTainted(const Plan& plan, std::span<const Cell> cells,
                 NoteList& notes) {
  const std::string places = Places(plan, [&](std::size_t scenario) {
    std::vector<Share> shares;
    for (const Cell& cell : cells) {
      if (cell.scenario != scenario) continue;
      shares.push_back(
          {plan.arms[cell.arm].name, cell.tainted_trials, cell.valid_trials});
    }
    return shares;
  });
  if (places.empty()) return;
  notes.push_back(fmt::format(
      "Disturbed trials, which do not count, in {}. results.json has the "
      "ratios with them too.",
      places));
}

void NoteDisturbedEffects(const Plan& plan, std::span<const Cell> cells,
                          NoteList& notes) {
  const std::string places = Places(plan, [&](std::size_t scenario) {
    std::vector<Share> shares;
    for (const Cell& cell : cells) {
      if (cell.scenario != scenario || !cell.effect) continue;
      const int concerned = cell.effect->disturbed ? cell.effect->rounds : 0;
      shares.push_back(
          {plan.arms[cell.arm].name, concerned, cell.effect->rounds});
    }
    return shares;
  });
  if (places.empty()) return;
  notes.push_back(fmt::format(
      "~: too few undisturbed rounds for an interval in {}; these ratios and "
      "verdicts are of disturbed ones too.",
      places));
}

// Why something of the server is n/a.
void NoteUnknown(const Results& results, const std::string& what,
                 std::string_view title, NoteList& notes) {
  const Plan& plan = results.plan;
  std::string reason;
  const std::string places = Places(plan, [&](std::size_t scenario) {
    std::vector<Share> shares;
    for (const Arm& arm : plan.arms) shares.push_back({arm.name, 0, 0});
    for (const Trial& trial : results.trials) {
      if (!trial.valid() || trial.slot.scenario != scenario) continue;
      Share& share = shares[trial.slot.arm];
      ++share.trials;
      const auto found = trial.load.unknown.find(what);
      if (found == trial.load.unknown.end()) continue;
      ++share.concerned;
      if (reason.empty()) reason = found->second;
    }
    return shares;
  });
  if (places.empty()) return;
  notes.push_back(
      fmt::format("{} not known in {}: {}.", title, places, reason));
}

// What is compared should be counted in the same way.
void NoteCpuSources(const Results& results, NoteList& notes) {
  std::map<std::string_view, int> trials_by_source;
  for (const Trial& trial : results.trials) {
    if (!trial.valid() || trial.load.cpu_source.empty()) continue;
    ++trials_by_source[trial.load.cpu_source];
  }
  if (trials_by_source.size() < 2) return;
  std::vector<std::string> parts;
  parts.reserve(trials_by_source.size());
  for (const auto& [source, trials] : trials_by_source) {
    parts.push_back(fmt::format("{} ({})", source, Counted(trials, "trial")));
  }
  notes.push_back(fmt::format(
      "Server CPU was not counted by the same means in all trials: {}.",
      fmt::join(parts, ", ")));
}

void NoteControl(const Plan& plan, NoteList& notes) {
  notes.push_back(
      plan.control.empty()
          ? fmt::format("There is no control, hence no verdict: what chance "
                        "does here is not known. A second copy of {0} shows "
                        "it: --arms {0},{0},...",
                        plan.baseline)
          : fmt::format("{} is {} once more: what its interval spans is noise. "
                        "No farther from 1 than its farther end is no "
                        "difference.",
                        plan.control, plan.baseline));
}

// How a rendering writes an interval.
constexpr std::string_view kOfTable = "[low, high]";
constexpr std::string_view kOfReport = "(low to high)";

NoteList MakeNotes(const Results& results, std::span<const Cell> cells,
                   std::string_view interval) {
  NoteList notes;
  NoteIncomplete(results, notes);
  NoteInvalid(results.plan, cells, notes);
  NoteTooFewRounds(results.plan, cells, notes);
  NoteTainted(results.plan, cells, notes);
  NoteDisturbedEffects(results.plan, cells, notes);
  NoteFlag(results, kClientBound,
           "the server was less than 90 % busy. Where that is so in half of "
           "the trials (*), do not rank by msg/s or latency; CPU per message "
           "stands.",
           notes);
  NoteFlag(results, kUnsaturated,
           "the load generator had time to spare too; other programs took the "
           "CPUs, or too few messages were on the way.",
           notes);
  NoteFlag(results, kRateMissed,
           "less than 95 % of what was due was answered in time. The latencies "
           "are those of a queue that grows.",
           notes);
  NoteFlag(results, kLateGenerator,
           "the load generator sent more than 1 % of the messages late, so the "
           "latencies are partly its own.",
           notes);
  NoteFlag(results, kPressure,
           "for more than 10 % of the window somebody waited for a CPU.",
           notes);
  NoteFlag(results, kThrottled,
           "a CPU quota stopped server or load generator for a while: lift it, "
           "or measure elsewhere.",
           notes);
  NoteUnknown(results, "memory", "Memory", notes);
  NoteUnknown(results, "context_switches", "Context switches", notes);
  NoteCpuSources(results, notes);
  NoteBalance(results.plan, cells, notes);
  NoteCpus(results, notes);
  NoteControl(results.plan, notes);
  notes.push_back(fmt::format(
      "{}: all true ratios of the table lie in these with {:g} % confidence. "
      "Equivalent: within {:g} % of the baseline, or it of the arm.",
      interval, 100 * results.plan.confidence, 100 * results.plan.margin));
  return notes;
}

}  // namespace

std::vector<std::string> Notes(const Results& results,
                               std::span<const Cell> cells) {
  return MakeNotes(results, cells, kOfTable);
}

std::vector<std::string> NotesOfReport(const Results& results,
                                       std::span<const Cell> cells) {
  return MakeNotes(results, cells, kOfReport);
}

std::optional<RoundShortage> FindRoundShortage(const Plan& plan,
                                               std::span<const Cell> cells,
                                               std::size_t scenario) {
  std::optional<int> rounds;
  for (const Cell& cell : cells) {
    if (cell.scenario != scenario || !cell.ratio || cell.effect) continue;
    rounds = std::max(rounds.value_or(0), cell.compared_rounds);
  }
  if (!rounds) return std::nullopt;
  const double confidence =
      std::max(ArmConfidence(plan), ControlConfidence(plan));
  return RoundShortage{.rounds = *rounds,
                       .needed = ValuesNeeded(confidence),
                       .confidence = confidence};
}

}  // namespace polymux::bench
