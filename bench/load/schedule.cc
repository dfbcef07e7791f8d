#include "bench/load/schedule.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>

namespace polymux::bench {
namespace {

using Random = std::mt19937_64;

double Nanoseconds(std::chrono::nanoseconds duration) {
  return static_cast<double>(duration.count());
}

// Gives each message to the thread that owns its connection.
class Dealer {
 public:
  Dealer(std::size_t threads, std::size_t messages) : schedules_(threads) {
    for (Schedule& schedule : schedules_) {
      schedule.times.reserve(messages / threads + 1);
      schedule.connections.reserve(messages / threads + 1);
    }
  }

  void Deal(double time, std::size_t connection) {
    Schedule& schedule = schedules_[connection % schedules_.size()];
    schedule.times.push_back(static_cast<std::int64_t>(time));
    schedule.connections.push_back(
        static_cast<std::uint32_t>(connection / schedules_.size()));
  }

  std::vector<Schedule> Take() { return std::move(schedules_); }

 private:
  std::vector<Schedule> schedules_;
};

void DealConstant(const ScheduleOptions& options, Dealer& dealer) {
  const double interval = 1e9 / options.rate;
  const double begin = Nanoseconds(options.warm_up);
  const auto before = static_cast<std::size_t>(begin / interval);
  const std::size_t count = before + MessagesDue(options.rate, options.window);
  for (std::size_t i = 0; i < count; ++i) {
    const double k = static_cast<double>(i) - static_cast<double>(before);
    dealer.Deal(std::max(0.0, begin + k * interval), i % options.connections);
  }
}

// Uniform times in ascending order without sorting: the partial sums of
// exponential gaps, one gap more than there are times, scaled to the length.
void DealPoisson(std::chrono::nanoseconds begin,
                 std::chrono::nanoseconds length,
                 const ScheduleOptions& options, Random& random,
                 Dealer& dealer) {
  std::exponential_distribution<double> gap;
  std::vector<double> sums(MessagesDue(options.rate, length) + 1);
  double sum = 0;
  for (double& partial : sums) partial = sum += gap(random);
  sums.pop_back();
  std::uniform_int_distribution<std::size_t> connection(
      0, options.connections - 1);
  const double scale = Nanoseconds(length) / sum;
  for (const double partial : sums) {
    // Rounding must not move it out of its part.
    const double offset =
        std::min(std::floor(partial * scale), Nanoseconds(length) - 1);
    dealer.Deal(Nanoseconds(begin) + offset, connection(random));
  }
}

}  // namespace

std::size_t MessagesDue(double rate, std::chrono::nanoseconds length) {
  return static_cast<std::size_t>(
      std::llround(rate * Nanoseconds(length) / 1e9));
}

std::vector<Schedule> MakeSchedules(const ScheduleOptions& options) {
  Dealer dealer(options.threads, MessagesDue(options.rate, options.warm_up) +
                                     MessagesDue(options.rate, options.window));
  if (options.arrivals == Arrivals::kConstant) {
    DealConstant(options, dealer);
    return dealer.Take();
  }
  Random random(options.seed);
  DealPoisson({}, options.warm_up, options, random, dealer);
  DealPoisson(options.warm_up, options.window, options, random, dealer);
  return dealer.Take();
}

}  // namespace polymux::bench
