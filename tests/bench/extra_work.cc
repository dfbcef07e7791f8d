#include "tests/bench/extra_work.h"

#include <time.h>

#include <algorithm>
#include <limits>

namespace polymux::bench {
namespace {

constexpr int kTries = 20;
constexpr std::uint64_t kTriedSteps = 500'000;

// Each step needs the result of the one before, so none overlap, and the
// compiler must not leave out any.
void Compute(std::uint64_t steps) {
  std::uint64_t value = steps;
  for (; steps > 0; --steps) {
    value = value * 6364136223846793005U + 1442695040888963407U;
    asm volatile("" : "+r"(value));
  }
}

double ThreadCpuNanoseconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 +
         static_cast<double>(time.tv_nsec);
}

double NanosecondsPerStep() {
  // The least: interrupts and neighbours only ever add.
  double least = std::numeric_limits<double>::max();
  for (int i = 0; i < kTries; ++i) {
    const double begin = ThreadCpuNanoseconds();
    Compute(kTriedSteps);
    least = std::min(least, ThreadCpuNanoseconds() - begin);
  }
  return least / static_cast<double>(kTriedSteps);
}

}  // namespace

ExtraWork::ExtraWork(std::chrono::nanoseconds cost)
    : steps_(static_cast<std::uint64_t>(static_cast<double>(cost.count()) /
                                        NanosecondsPerStep())) {}

void ExtraWork::Do() const { Compute(steps_); }

}  // namespace polymux::bench
