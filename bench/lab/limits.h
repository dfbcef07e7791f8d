#ifndef POLYMUX_BENCH_LAB_LIMITS_H_
#define POLYMUX_BENCH_LAB_LIMITS_H_

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace polymux::bench {

// What one comparison, and so a results file, may be at most: whatever is
// computed of it ends and fits into 64 bits.  Nobody measures more.
inline constexpr std::int64_t kMostTrials = 1'000'000;
inline constexpr std::size_t kMostScenarios = 10'000;
inline constexpr std::size_t kMostCells = 100'000;  // scenarios times arms
inline constexpr std::chrono::hours kMostTime{100'000};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_LIMITS_H_
