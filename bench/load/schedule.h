#ifndef POLYMUX_BENCH_LOAD_SCHEDULE_H_
#define POLYMUX_BENCH_LOAD_SCHEDULE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "bench/load/arrivals.h"

namespace polymux::bench {

// When the messages of one thread of an open loop are due, and on which of its
// connections. Made before the first of them, so that no random number is drawn
// while they are sent.
struct Schedule {
  std::vector<std::int64_t> times;         // ns from the start, ascending
  std::vector<std::uint32_t> connections;  // of each message, from 0 on

  std::size_t size() const { return times.size(); }
};

struct ScheduleOptions {
  double rate;  // messages per second of all threads, > 0
  Arrivals arrivals = Arrivals::kPoisson;
  std::chrono::nanoseconds warm_up{0};
  std::chrono::nanoseconds window{0};  // follows the warm-up
  std::size_t connections = 1;         // > 0
  std::size_t threads = 1;             // > 0
  std::uint64_t seed = 1;
};

// How many messages are due in `length`: the nearest whole number, since none
// is sent in part. 0.3 per second are 3 messages in 10 s, and 2 in 5 s.
std::size_t MessagesDue(double rate, std::chrono::nanoseconds length);

// One schedule for all connections, dealt out to the threads: connection c is
// the one numbered c / threads of thread c % threads. So the messages are those
// of a single thread, whatever the number of threads, and are added up exactly:
// MessagesDue of the window in the window.
//
// Constant: message k of the window is due k / rate after its beginning, those
// of the warm-up before it at the same distances; the connections take turns.
//
// Poisson: warm-up and window have MessagesDue of each, at independent uniform
// times on connections chosen at random. That is a Poisson process whose number
// of arrivals is given: every trial of one rate is asked the same, and the gaps
// are as random as they were.
std::vector<Schedule> MakeSchedules(const ScheduleOptions& options);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_SCHEDULE_H_
