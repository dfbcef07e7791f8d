#include "bench/lab/trial.h"

#include <chrono>
#include <exception>

namespace polymux::bench {
namespace {

constexpr std::chrono::milliseconds kDeathLag{100};

void Measure(const Plan& plan, const ServerOptions& server_options,
             Trial& trial) {
  const Arm& arm = plan.arms[trial.slot.arm];
  Server server(arm, server_options);
  trial.backend = server.backend();
  trial.load = RunLoadProcess({.address = server.address(),
                               .scenario = plan.scenarios[trial.slot.scenario],
                               .warm_up = plan.warm_up,
                               .window = plan.window,
                               .threads = plan.load_threads,
                               .cpus = plan.cpus.load,
                               .observed = server.pids(),
                               .signal_window = arm.is_polymux(),
                               .polymux = server_options.polymux});
  if (!trial.load.error.empty()) {
    // A dead server is the cause of what the load saw a moment before.
    trial.invalid = server.HowItDied(kDeathLag).value_or(trial.load.error);
    return;
  }
  if (auto report = server.Stop()) {
    trial.build = report->build;
    trial.counters = report->window;
    if (!trial.counters) trial.invalid = "the server took no snapshots";
  }
}

}  // namespace

Trial RunTrial(const Plan& plan, const Slot& slot,
               const ServerOptions& server_options) {
  Trial trial{.slot = slot};
  try {
    Measure(plan, server_options, trial);
  } catch (const std::exception& error) {
    trial.invalid = error.what();
  }
  return trial;
}

}  // namespace polymux::bench
