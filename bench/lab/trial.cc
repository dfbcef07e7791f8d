#include "bench/lab/trial.h"

#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include "bench/lab/calibration.h"

namespace polymux::bench {
namespace {

constexpr std::chrono::milliseconds kDeathLag{100};

// The plan's, as this trial has them.
CpuAssignment CpusOf(const Plan& plan, const Slot& slot) {
  CpuAssignment cpus = plan.cpus;
  if (slot.cpus_swapped) SwapCpus(cpus);
  return cpus;
}

// Runs what stands behind it with the padding of this trial.
std::vector<std::string> PaddingLauncher(const Slot& slot) {
  return {"env", "POLYMUX_PADDING=" +
                     std::string(static_cast<std::size_t>(slot.padding), 'x')};
}

// env(1) replaces itself by the program; to it kThisProgram would be env.
std::string ProgramOf(const ServerOptions& options) {
  if (options.polymux != kThisProgram) return options.polymux;
  return std::filesystem::read_symlink(kThisProgram);
}

// `options` for this trial.
ServerOptions ServerOptionsOf(ServerOptions options, const Plan& plan,
                              const Slot& slot) {
  const Scenario& scenario = plan.scenarios[slot.scenario];
  options.reactors = ReactorsOf(plan, scenario);
  options.fan_out = scenario.fan_out;
  options.cpus = CpusOf(plan, slot).server;
  options.polymux = ProgramOf(options);
  const std::vector<std::string> padding = PaddingLauncher(slot);
  options.launcher.insert(options.launcher.begin(), padding.begin(),
                          padding.end());
  return options;
}

// Why the server's CPU time is not known; empty when it is.  One of ours
// without any had no turn in a short window, which taints the trial.
std::string CpuObstacle(const Arm& arm, const LoadOutcome& load) {
  if (!load.server_cpu_ns) {
    return fmt::format("a process of {} has ended within the window", arm.name);
  }
  if (arm.kind != ArmKind::kForeign || *load.server_cpu_ns > 0) return {};
  return fmt::format(
      "{} answered, but not with CPU time of its own: the server has left the "
      "processes of its command",
      arm.name);
}

void Measure(const Plan& plan, const ServerOptions& server_options,
             Trial& trial) {
  const Arm& arm = plan.arms[trial.slot.arm];
  Server server(arm, ServerOptionsOf(server_options, plan, trial.slot));
  trial.backend = server.backend();
  trial.load = RunLoadProcess({.address = server.address(),
                               .scenario = plan.scenarios[trial.slot.scenario],
                               .warm_up = plan.warm_up,
                               .window = plan.window,
                               .threads = plan.load_threads,
                               .cpus = CpusOf(plan, trial.slot).load,
                               .observed = server.pids(),
                               .signal_window = arm.is_polymux(),
                               .seed = LoadSeed(plan, trial.slot),
                               .polymux = ProgramOf(server_options),
                               .launcher = PaddingLauncher(trial.slot)});
  if (!trial.load.error.empty()) {
    // A dead server is the cause of what the load saw a moment before.
    trial.invalid = server.HowItDied(kDeathLag).value_or(trial.load.error);
    return;
  }
  trial.invalid = CpuObstacle(arm, trial.load);
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
  const std::vector<int> cpus = CpusOf(plan, slot).server;
  const std::int64_t before_ns = Calibrate(cpus);
  try {
    Measure(plan, server_options, trial);
  } catch (const std::exception& error) {
    trial.invalid = error.what();
  }
  trial.calibration_ns = {before_ns, Calibrate(cpus)};
  return trial;
}

}  // namespace polymux::bench
