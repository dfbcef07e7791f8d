#ifndef POLYMUX_BENCH_LAB_FLAGS_H_
#define POLYMUX_BENCH_LAB_FLAGS_H_

#include <string_view>
#include <vector>

#include "bench/lab/trial.h"

namespace polymux::bench {

// What a reader must know of a trial that is valid.

// The server had time to spare, so the load generator set the pace: messages
// per second and latency say little about the server; its CPU per message does.
inline constexpr std::string_view kClientBound = "client-bound";

// The load generator had time to spare too: other programs took the CPUs, or
// too few messages were on the way.
inline constexpr std::string_view kUnsaturated = "unsaturated";

// The server was compiled for debugging.
inline constexpr std::string_view kDebugBuild = "debug-build";

std::vector<std::string_view> Flags(const Trial& trial);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_FLAGS_H_
