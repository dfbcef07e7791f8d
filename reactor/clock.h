#ifndef POLYMUX_REACTOR_CLOCK_H_
#define POLYMUX_REACTOR_CLOCK_H_

#include <chrono>

namespace polymux {

// Monotonic time; the wall clock decides nothing in this library.
using TimePoint = std::chrono::steady_clock::time_point;
using Duration = std::chrono::nanoseconds;

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
