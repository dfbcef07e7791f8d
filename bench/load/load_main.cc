#include "bench/load/load_main.h"

#include <exception>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>

#include "apps/descriptor_limit.h"
#include "apps/printable_text.h"
#include "bench/load/cpu_list.h"
#include "bench/load/find_listener.h"
#include "bench/load/load_options.h"
#include "bench/load/load_report.h"
#include "bench/load/observed_processes.h"
#include "bench/load/stop_signals.h"
#include "reactor/resolve_host.h"

namespace polymux::bench {
namespace {

constexpr int kOk = 0;
constexpr int kError = 1;
constexpr int kInterrupted = 130;

// Which of the host's addresses is listened on; empty after a stop signal. Says
// when it is not the first.
std::optional<InetAddress> FindTarget(const LoadOptions& options,
                                      const ResolvedHost& host, int stop_fd) {
  const FoundListener found =
      FindListener(host.addresses, options.shape.stall_limit, stop_fd);
  std::string failures;
  for (const std::string& failure : found.failures) {
    failures += failures.empty() ? failure : "; " + failure;
  }
  if (!found.address && !found.stopped) throw std::runtime_error(failures);
  if (found.address && !failures.empty()) {
    std::cerr << failures << "; using " << found.address->ToString() << "\n";
  }
  return found.address;
}

LoadResult Run(const LoadOptions& options) {
  RaiseDescriptorLimit();
  if (!options.cpus.empty()) PinToCpus(options.cpus);
  std::optional<ObservedProcesses> observed;
  if (!options.observe.empty()) {
    observed.emplace(options.observe, options.observe_cgroup);
  }
  const ResolvedHost host = ResolveHost(options.target);
  if (host.addresses.empty()) throw std::runtime_error(host.error);
  StopSignals stop;
  const auto target = FindTarget(options, host, stop.fd());
  LoadResult result;
  result.stopped = true;
  if (target) {
    result = RunLoad(*target, options.shape, observed ? &*observed : nullptr,
                     options.signal_window, stop.fd());
  }
  // What is left to do should not take long; a second signal ends it at once.
  if (result.stopped) stop.Release();
  return result;
}

int Report(const LoadOptions& options, const LoadResult& result) {
  if (options.json) {
    std::cout << LoadJson(options.shape, result) << std::endl;
  } else {
    std::cout << LoadSummary(options.shape, result) << std::flush;
  }
  if (result.stopped) {
    std::cerr << "interrupted\n";
    return kInterrupted;
  }
  const std::string failure = FailureOf(options.shape, result);
  if (failure.empty()) return kOk;
  std::cerr << "error: " << failure << "\n";
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
    std::cerr << "error: " << PrintableLines(error.what()) << "\n";
    return kError;
  }
}

}  // namespace polymux::bench
