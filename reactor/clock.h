#ifndef POLYMUX_REACTOR_CLOCK_H_
#define POLYMUX_REACTOR_CLOCK_H_

#include <chrono>

namespace polymux {

// Monotonic time; the wall clock decides nothing in this library.
using TimePoint = std::chrono::steady_clock::time_point;
using Duration = std::chrono::nanoseconds;

// `delay` after `time`, or the end of time if that is later: for sums with
// durations of any length, which must not wrap around into the past.
inline TimePoint After(TimePoint time, Duration delay) {
  const bool fits = delay <= Duration::zero() ||
                    time.time_since_epoch() <= Duration::max() - delay;
  return fits ? time + delay : TimePoint::max();
}

// Where a loop gets its time from: injected, so that a test can set it.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint Now() const = 0;

  // CLOCK_MONOTONIC. Any thread.
  static const Clock& Monotonic();
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_CLOCK_H_
