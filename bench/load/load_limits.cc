#include "bench/load/load_limits.h"

namespace polymux::bench {
namespace {

// A schedule is kept in memory, a few bytes for each message.
constexpr double kMaxScheduled = 2e7;

double Seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

std::string ScheduleObstacle(double rate, std::chrono::nanoseconds warm_up,
                             std::chrono::nanoseconds duration) {
  if (rate * (Seconds(warm_up) + Seconds(duration)) > kMaxScheduled) {
    return "more than 20,000,000 messages in --warm-up and --duration";
  }
  if (rate * Seconds(duration) < 1) {
    return "less than one message in --duration";
  }
  return {};
}

}  // namespace polymux::bench
