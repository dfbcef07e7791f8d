#include "bench/lab/trial.h"

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <exception>
#include <string>

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

// `options` for this trial.
ServerOptions ServerOptionsOf(ServerOptions options, const Plan& plan,
                              const Slot& slot) {
  const Scenario& scenario = plan.scenarios[slot.scenario];
  options.reactors = ReactorsOf(plan, scenario);
  options.fan_out = scenario.fan_out;
  options.cpus = CpusOf(plan, slot).server;
  options.padding = static_cast<std::size_t>(slot.padding);
  return options;
}

// More CPU time of unknown processes, as a share of the window, is not to be
// missing in the server's.
constexpr double kUnseenLimit = 0.10;

// Why the server's CPU time is not known; empty when it is.  One of ours
// without any had no turn in a short window, which taints the trial.
std::string CpuObstacle(const Arm& arm, const LoadOutcome& load) {
  if (!load.server_cpu_ns) {
    const auto reason = load.unknown.find("cpu");
    return fmt::format("the CPU time of {} is not known: {}", arm.name,
                       reason == load.unknown.end() ? "the load does not tell"
                                                    : reason->second);
  }
  if (arm.kind != ArmKind::kForeign) return {};
  if (*load.server_cpu_ns <= 0) {
    return fmt::format(
        "{} answered, but not with CPU time of its own: the server has left "
        "the processes of its command",
        arm.name);
  }
  // A control group would have what began and ended between two looks.
  if (load.cpu_source == kCpuClocks && load.begun_unseen > 0 &&
      static_cast<double>(load.other_cpu_ns) >
          kUnseenLimit * static_cast<double>(load.window_ns)) {
    return fmt::format(
        "the CPU time of {} is not known: processes came and went within the "
        "window and used {:.0f} ms, and without a control group it cannot be "
        "told whose they were",
        arm.name, static_cast<double>(load.other_cpu_ns) / 1e6);
  }
  return {};
}

void Measure(const Plan& plan, const ServerOptions& server_options,
             Trial& trial) {
  const Arm& arm = plan.arms[trial.slot.arm];
  Server server(arm, ServerOptionsOf(server_options, plan, trial.slot));
  trial.backend = server.backend();
  trial.load =
      RunLoadProcess({.address = server.address(),
                      .scenario = plan.scenarios[trial.slot.scenario],
                      .warm_up = plan.warm_up,
                      .window = plan.window,
                      .threads = plan.load_threads,
                      .cpus = CpusOf(plan, trial.slot).load,
                      .observed = {server.pid()},
                      .cgroup = server.cgroup(),
                      .signal_window = arm.is_polymux(),
                      .seed = LoadSeed(plan, trial.slot),
                      .polymux = server_options.polymux,
                      .padding = static_cast<std::size_t>(trial.slot.padding)});
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
