#include "bench/lab/experiment.h"

#include <fmt/format.h>

#include <cstdio>
#include <stdexcept>

#include "bench/lab/agenda.h"
#include "bench/lab/precision.h"
#include "bench/lab/progress.h"
#include "bench/lab/usage_error.h"
#include "poller/backends.h"

namespace polymux::bench {
namespace {

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

void TellPrecision(const Results& results) {
  const Plan& plan = results.plan;
  if (!plan.precision || results.trials.empty()) return;
  fmt::print(stderr, "{} interval is within +-{:g} % after {} rounds\n",
             IsPrecise(plan, results.trials) ? "each" : "not every",
             100 * *plan.precision, RoundsRun(results));
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
  Agenda agenda(results.plan);
  Progress progress(results.plan, agenda.schedule(), stderr);
  for (auto slots = agenda.Next({}); !slots.empty();
       slots = agenda.Next(results.trials)) {
    for (const Slot& slot : slots) {
      progress.Starting(slot);
      results.trials.push_back(RunTrial(results.plan, slot, options));
      progress.Finished(results.trials.back());
    }
    WriteResults(results, file);
  }
  TellPrecision(results);
  results.complete = true;
}

}  // namespace polymux::bench
