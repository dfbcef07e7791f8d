#include "bench/lab/experiment.h"

#include <fmt/format.h>

#include <cstdio>
#include <stdexcept>

#include "bench/lab/precision.h"
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

// Runs these trials, or fewer once the results are precise enough.
void RunSlots(const std::vector<Slot>& slots, const ServerOptions& options,
              const std::filesystem::path& file, Results& results) {
  Progress progress(results.plan, slots, stderr);
  for (const Slot& slot : slots) {
    progress.Starting(slot);
    const bool begins_round = !results.trials.empty() &&
                              results.trials.back().slot.round != slot.round;
    if (begins_round) WriteResults(results, file);
    if (begins_round && slot.attempt == 0 && results.plan.precision &&
        IsPreciseEnough(results.plan, results.trials, slot.round)) {
      break;
    }
    results.trials.push_back(RunTrial(results.plan, slot, options));
    progress.Finished(results.trials.back());
  }
}

void TellPrecision(const Plan& plan, const std::vector<Trial>& trials) {
  if (!plan.precision || trials.empty()) return;
  const int rounds = trials.back().slot.round + 1;
  fmt::print(stderr, "{} interval is within +-{:g} % after {} rounds\n",
             IsPreciseEnough(plan, trials, rounds) ? "each" : "not every",
             100 * *plan.precision, rounds);
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
  TellPrecision(results.plan, results.trials);
  std::size_t left = RepetitionLimit(results.trials.size());
  for (int attempt = 0; attempt < kMaxRepetitions; ++attempt) {
    const std::vector<Slot> again = Repetitions(results.trials, left);
    RunSlots(again, options, file, results);
    left -= again.size();
  }
  results.complete = true;
}

}  // namespace polymux::bench
