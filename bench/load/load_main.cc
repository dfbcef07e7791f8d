#include "bench/load/load_main.h"

#include <sys/signalfd.h>

#include <cerrno>
#include <csignal>
#include <exception>
#include <iostream>
#include <optional>
#include <system_error>

#include "apps/descriptor_limit.h"
#include "bench/load/cpu_list.h"
#include "bench/load/load_options.h"
#include "bench/load/load_report.h"
#include "bench/load/observed_processes.h"
#include "reactor/unique_fd.h"

namespace polymux::bench {
namespace {

constexpr int kError = 1;
constexpr int kInterrupted = 130;

// A descriptor that turns readable on SIGINT or SIGTERM, which are blocked.
UniqueFd StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  const int fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0) {
    throw std::system_error(errno, std::system_category(), "signalfd");
  }
  return UniqueFd(fd);
}

LoadResult Run(const LoadOptions& options) {
  RaiseDescriptorLimit();
  if (!options.cpus.empty()) PinToCpus(options.cpus);
  std::optional<ObservedProcesses> observed;
  if (!options.observe.empty()) {
    observed.emplace(options.observe, options.observe_cgroup);
  }
  const Endpoint target = Endpoint::Resolve(options.target);
  const UniqueFd stop = StopSignals();
  return RunLoad(target, options.shape, observed ? &*observed : nullptr,
                 options.signal_window, stop.get());
}

int Report(const LoadOptions& options, const LoadResult& result) {
  if (result.stopped) {
    std::cerr << "interrupted\n";
    return kInterrupted;
  }
  if (options.json) {
    std::cout << LoadJson(options.shape, result) << std::endl;
  } else {
    std::cout << LoadSummary(options.shape, result) << std::flush;
  }
  if (!result.errors.Any()) return 0;
  std::cerr << "error: " << result.errors.first << "\n";
  return kError;
}

}  // namespace

int LoadMain(int argc, char** argv) {
  LoadOptions options;
  if (const auto exit_code = ParseLoadOptions(argc, argv, options)) {
    return *exit_code;
  }
  try {
    return Report(options, Run(options));
  } catch (const std::exception& error) {
    std::cerr << "error: " << error.what() << "\n";
    return kError;
  }
}

}  // namespace polymux::bench
