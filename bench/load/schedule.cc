#include "bench/load/schedule.h"

#include <cmath>
#include <random>

namespace polymux::bench {
namespace {

using Random = std::mt19937_64;

double Nanoseconds(std::chrono::nanoseconds duration) {
  return static_cast<double>(duration.count());
}

void AppendConstant(const ScheduleOptions& options, Schedule& schedule) {
  const double interval = 1e9 / options.rate;
  const std::chrono::nanoseconds length = options.warm_up + options.window;
  for (std::size_t k = 0;; ++k) {
    const double time = (static_cast<double>(k) + options.phase) * interval;
    if (time >= Nanoseconds(length)) return;
    schedule.times.push_back(static_cast<std::int64_t>(time));
    schedule.connections.push_back(
        static_cast<std::uint32_t>(k % options.connections));
  }
}

// Uniform times in ascending order without sorting: the partial sums of
// exponential gaps, one gap more than there are times, scaled to the length.
void AppendPoisson(std::chrono::nanoseconds begin,
                   std::chrono::nanoseconds length,
                   const ScheduleOptions& options, Random& random,
                   Schedule& schedule) {
  const auto count = static_cast<std::size_t>(
      std::llround(options.rate * Nanoseconds(length) / 1e9));
  std::exponential_distribution<double> gap;
  std::vector<double> sums(count + 1);
  double sum = 0;
  for (double& partial : sums) partial = sum += gap(random);
  std::uniform_int_distribution<std::size_t> connection(
      0, options.connections - 1);
  for (std::size_t i = 0; i < count; ++i) {
    const double offset = sums[i] / sum * Nanoseconds(length);
    schedule.times.push_back(begin.count() + static_cast<std::int64_t>(offset));
    schedule.connections.push_back(
        static_cast<std::uint32_t>(connection(random)));
  }
}

}  // namespace

Schedule MakeSchedule(const ScheduleOptions& options) {
  Schedule schedule;
  const double total =
      options.rate * Nanoseconds(options.warm_up + options.window) / 1e9;
  schedule.times.reserve(static_cast<std::size_t>(total) + 2);
  schedule.connections.reserve(schedule.times.capacity());
  if (options.arrivals == Arrivals::kConstant) {
    AppendConstant(options, schedule);
    return schedule;
  }
  Random random(options.seed);
  AppendPoisson({}, options.warm_up, options, random, schedule);
  AppendPoisson(options.warm_up, options.window, options, random, schedule);
  return schedule;
}

}  // namespace polymux::bench
