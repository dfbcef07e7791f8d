#ifndef POLYMUX_BENCH_VERBS_CHECKUP_H_
#define POLYMUX_BENCH_VERBS_CHECKUP_H_

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/build_info.h"

namespace polymux::bench {

enum class Severity {
  kOk,
  kWarning,  // figures are noisier, or some scenarios shrink
  kProblem,  // figures must not be trusted
};

// "ok", "warning", "problem".
std::string_view ToString(Severity severity);

// One thing that was looked at.
struct Finding {
  std::string topic;  // "steal"
  Severity severity = Severity::kOk;
  std::string seen;
  std::string remedy = {};  // what to do, a command if there is one
};

// A backend that cannot be used here.
struct UnavailableBackend {
  std::string name;
  std::string kernel_interface;  // "io_uring(7), ..."
  std::string reason;
};

// Where the machine is looked at; a test puts a tree of its own in `root`.
struct Machine {
  std::filesystem::path root;  // has proc/ and sys/
  // Lets the time pass over which the CPUs are sampled.
  std::function<void()> wait;
  int usable_cpus = 0;          // by this process
  std::size_t descriptors = 0;  // per process, the hard limit
  std::size_t descriptors_wanted = 0;
  BuildInfo build;
  std::vector<UnavailableBackend> unavailable = {};
};

// Whether the machine is fit to measure: everything looked at, in the order in
// which a person wants to read it.  What the machine does not show (in a
// container, say) is told and is no fault.
std::vector<Finding> Examine(const Machine& machine);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_VERBS_CHECKUP_H_
