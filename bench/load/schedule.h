#ifndef POLYMUX_BENCH_LOAD_SCHEDULE_H_
#define POLYMUX_BENCH_LOAD_SCHEDULE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "bench/load/arrivals.h"

namespace polymux::bench {

// When an open loop's messages are due, and on which connection. Made before
// the first of them, so that no random number is drawn while they are sent.
struct Schedule {
  std::vector<std::int64_t> times;         // ns from the start, ascending
  std::vector<std::uint32_t> connections;  // of each message, from 0 on

  std::size_t size() const { return times.size(); }
};

struct ScheduleOptions {
  double rate;  // messages per second, > 0
  Arrivals arrivals = Arrivals::kPoisson;
  std::chrono::nanoseconds warm_up{0};
  std::chrono::nanoseconds window{0};  // follows the warm-up
  std::size_t connections = 1;         // > 0
  std::uint64_t seed = 1;
  // Where between two ticks a constant schedule begins, from 0 to below 1: so
  // the schedules of several threads interleave.
  double phase = 0;
};

// Constant: message k is due at (k + phase) / rate, the connections take turns.
//
// Poisson: warm-up and window have rate times their length messages each, to
// the nearest whole number, at independent uniform times on connections chosen
// at random. That is a Poisson process whose number of arrivals is given: every
// trial of one rate is asked the same, and the gaps are as random as they were.
Schedule MakeSchedule(const ScheduleOptions& options);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_SCHEDULE_H_
