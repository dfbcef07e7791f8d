#ifndef POLYMUX_BENCH_LOAD_LOAD_LIMITS_H_
#define POLYMUX_BENCH_LOAD_LOAD_LIMITS_H_

#include <chrono>
#include <cstddef>
#include <string>

namespace polymux::bench {

// The most that the load generator takes, for its own command line and for
// those who run it.
inline constexpr std::size_t kMaxMessageSize = std::size_t{1} << 30;  // bytes
inline constexpr int kMaxDepth = 65'536;
inline constexpr int kMaxLoadThreads = 1024;
inline constexpr int kMaxSlowReaders = 10'000;

// Why no schedule has so many messages per second; empty when one can.
// REQUIRES: rate > 0.
std::string ScheduleObstacle(double rate, std::chrono::nanoseconds warm_up,
                             std::chrono::nanoseconds duration);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_LOAD_LIMITS_H_
