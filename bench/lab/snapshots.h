#ifndef POLYMUX_BENCH_LAB_SNAPSHOTS_H_
#define POLYMUX_BENCH_LAB_SNAPSHOTS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/build_info.h"

namespace polymux::bench {

// Whether a program that was compiled like this may be measured.
bool IsOptimised(const BuildInfo& build);

// Counters that this program adds to those of a server: what the loop that
// read most has read, and what the one that read least has; the main loop only
// accepts where there are others.
inline constexpr const char* kBusiestLoopBytesRead = "busiest_loop_bytes_read";
inline constexpr const char* kQuietestLoopBytesRead =
    "quietest_loop_bytes_read";

// What a server counted in the measured window, over all of its loops.
struct CounterWindow {
  std::map<std::string, std::int64_t> counters;
  // Those of the counters that count one system call each.
  std::vector<std::string> system_calls;
};

// What a server of ours has written to its --stats-json file by its end: a
// line for each SIGUSR1, and a last one.
struct ServerReport {
  BuildInfo build;
  // Empty unless exactly two signals came: start and end of the window.
  std::optional<CounterWindow> window;
};

// Throws std::runtime_error if `text` is not such a file with its last line.
ServerReport ParseServerReport(std::string_view text);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_SNAPSHOTS_H_
