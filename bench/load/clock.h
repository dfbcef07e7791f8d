#ifndef POLYMUX_BENCH_LOAD_CLOCK_H_
#define POLYMUX_BENCH_LOAD_CLOCK_H_

#include <cstdint>
#include <ctime>

namespace polymux::bench {

// Nanoseconds of any clock that clock_gettime knows; 0 when it cannot be read.
inline std::int64_t ReadClockNs(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// The monotonic clock; no system call where the vDSO serves it.
inline std::int64_t MonotonicNs() { return ReadClockNs(CLOCK_MONOTONIC); }

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_CLOCK_H_
