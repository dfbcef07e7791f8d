#ifndef POLYMUX_BENCH_LOAD_LOAD_LIMITS_H_
#define POLYMUX_BENCH_LOAD_LOAD_LIMITS_H_

#include <chrono>
#include <cstddef>
#include <string>

namespace polymux::bench {

// The most that the load generator takes, for its own command line and for
// those who run it.
inline constexpr std::size_t kMaxMessageSize = std::size_t{1} << 30;  // bytes
inline constexpr int kMaxConnections = 1'000'000;  // active, and idle
// Of all connections together; the time of each is kept, 8 bytes.
inline constexpr std::size_t kMaxOnTheWay = std::size_t{1} << 26;
inline constexpr int kMaxDepth = 65'536;
inline constexpr int kMaxLoadThreads = 1024;
inline constexpr int kMaxSlowReaders = 10'000;

// Of a warm-up and of a window: nearly a week. Sums of some fit into 64 bits,
// as nanoseconds, and so do results.
inline constexpr std::chrono::minutes kMaxLoadTime{10'000};

// Why no schedule has so many messages per second; empty when one can.
// REQUIRES: rate > 0.
std::string ScheduleObstacle(double rate, std::chrono::nanoseconds warm_up,
                             std::chrono::nanoseconds duration);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_LOAD_LIMITS_H_
