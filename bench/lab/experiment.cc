#include "bench/lab/experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <stdexcept>

#include "bench/lab/analysis.h"
#include "bench/lab/progress.h"
#include "bench/lab/repetition.h"
#include "bench/lab/usage_error.h"
#include "poller/backends.h"

namespace polymux::bench {
namespace {

// How often one round may be repeated.
constexpr int kMaxRepetitions = 2;

void TryArm(Arm& arm, const ServerOptions& options, bool allow_debug) {
  Server server(arm, options);
  const Backend* backend = FindBackend(server.backend());
  if (backend != nullptr) arm.max_fd = backend->max_fd;
  const auto report = server.Stop();
  if (report && !IsOptimised(report->build) && !allow_debug) {
    throw UsageError(fmt::format(
        "{} is not an optimised build; --allow-debug measures it all the same",
        arm.name));
  }
}

bool IsNarrow(const Effect& effect, double share) {
  return effect.low > 0 && effect.high <= effect.ratio * (1 + share) &&
         effect.low >= effect.ratio * (1 - share);
}

// Whether the experiment ends before `round`: at the end of a block, when each
// arm's interval is as narrow as was asked.  What the intervals say has no part
// in it.
bool IsPreciseEnough(const Results& results, int round) {
  const Plan& plan = results.plan;
  if (!plan.precision) return false;
  const auto arms = static_cast<std::size_t>(std::ranges::count_if(
      plan.arms, [](const Arm& arm) { return arm.unavailable.empty(); }));
  if (round != WholeRounds(round, arms)) return false;
  const auto cells = Analyze(plan, results.trials).cells;
  return std::ranges::all_of(cells, [&plan](const Cell& cell) {
    if (!cell.obstacle.empty() || plan.arms[cell.arm].name == plan.baseline) {
      return true;
    }
    return cell.effect && IsNarrow(*cell.effect, *plan.precision);
  });
}

// Runs these trials, or fewer once the results are precise enough.
void RunSlots(const std::vector<Slot>& slots, const ServerOptions& options,
              const std::filesystem::path& file, Results& results) {
  Progress progress(results.plan, slots, stderr);
  for (const Slot& slot : slots) {
    progress.Starting(slot);
    const bool begins_round = !results.trials.empty() &&
                              results.trials.back().slot.round != slot.round;
    if (begins_round) WriteResults(results, file);
    if (begins_round && slot.attempt == 0 &&
        IsPreciseEnough(results, slot.round)) {
      break;
    }
    results.trials.push_back(RunTrial(results.plan, slot, options));
    progress.Finished(results.trials.back());
  }
}

}  // namespace

void TryOwnArms(Plan& plan, const ServerOptions& options, bool allow_debug) {
  for (Arm& arm : plan.arms) {
    if (arm.kind == ArmKind::kServer || arm.kind == ArmKind::kForeign) {
      TryArm(arm, options, allow_debug);
    }
  }
}

void RunExperiment(Results& results, const ServerOptions& options,
                   const std::filesystem::path& file) {
  RunSlots(Schedule(results.plan), options, file, results);
  std::size_t left = RepetitionLimit(results.trials.size());
  for (int attempt = 0; attempt < kMaxRepetitions; ++attempt) {
    const std::vector<Slot> again = Repetitions(results.trials, left);
    RunSlots(again, options, file, results);
    left -= again.size();
  }
  results.complete = true;
}

}  // namespace polymux::bench
