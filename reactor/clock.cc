#include "reactor/clock.h"

namespace polymux {
namespace {

class MonotonicClock final : public Clock {
 public:
  TimePoint Now() const override { return std::chrono::steady_clock::now(); }
};

}  // namespace

const Clock& Clock::Monotonic() {
  static const MonotonicClock kClock;
  return kClock;
}

}  // namespace polymux
