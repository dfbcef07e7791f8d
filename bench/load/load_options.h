#ifndef POLYMUX_BENCH_LOAD_LOAD_OPTIONS_H_
#define POLYMUX_BENCH_LOAD_LOAD_OPTIONS_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "bench/load/run_load.h"
#include "reactor/resolve_host.h"

namespace polymux::bench {

// The command line of `polymux load`.
struct LoadOptions {
  HostPort target;
  LoadShape shape;
  bool json = false;
  std::vector<int> cpus;       // empty: wherever the kernel likes
  std::vector<pid_t> observe;  // processes
  std::string observe_cgroup;  // the directory of a control group; empty: none
  bool signal_window = false;
};

// Fills `options` in. Empty: go on; otherwise the exit code, after --help or a
// usage error, with everything said.
std::optional<int> ParseLoadOptions(int argc, const char* const* argv,
                                    LoadOptions& options);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_LOAD_OPTIONS_H_
