#include "bench/lab/experiment.h"

#include <fmt/format.h>
#include <unistd.h>

#include <stdexcept>
#include <string_view>

#include "bench/lab/agenda.h"
#include "bench/lab/console.h"
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
  TellUser("{} interval is within +-{:g} % after {} rounds\n",
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
                   const std::function<void()>& save) {
  Agenda agenda(results.plan);
  Progress progress(results.plan, agenda.schedule(), isatty(STDERR_FILENO) == 1,
                    [](std::string_view text) { TellUser(text); });
  for (auto slots = agenda.Next({}); !slots.empty();
       slots = agenda.Next(results.trials)) {
    for (const Slot& slot : slots) {
      progress.Starting(slot);
      results.trials.push_back(RunTrial(results.plan, slot, options));
      progress.Finished(results.trials.back());
    }
    save();
  }
  TellPrecision(results);
  results.complete = true;
}

}  // namespace polymux::bench
