#ifndef POLYMUX_BENCH_LAB_ENVIRONMENT_H_
#define POLYMUX_BENCH_LAB_ENVIRONMENT_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "apps/build_info.h"
#include "bench/lab/provenance.h"

namespace polymux::bench {

// The machine and the program that a comparison ran on: what a reader must
// know to judge it.  An empty text is "not known".
struct Environment {
  std::string date;    // UTC, ISO 8601
  std::string kernel;  // "Linux 6.1.0 x86_64"
  std::string cpu_model;
  int cpus = 0;  // online
  std::uint64_t memory_bytes = 0;
  std::string governor;        // of frequency scaling
  std::string clock_source;    // of the kernel
  std::string virtualisation;  // "hypervisor", with the product's name if known
  std::string somaxconn;       // net.core.somaxconn, bounds every backlog
  std::size_t descriptor_limit = 0;  // per process
  BuildInfo build;
  Provenance provenance = {};
};

// Looks around.
Environment ObserveEnvironment();

// "AMD EPYC, 2 CPUs, 7.8 GiB; Linux 6.1.0 x86_64": one line for the result.
std::string Describe(const Environment& environment);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_ENVIRONMENT_H_
