#include "bench/lab/calibration.h"

#include <sched.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <ctime>
#include <limits>
#include <thread>
#include <vector>

namespace polymux::bench {
namespace {

constexpr int kRepetitions = 5;
// 32 KiB, read so many times: a millisecond or so.
constexpr std::size_t kWords = 4096;
constexpr int kPasses = 150;

std::int64_t ThreadCpuNs() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// Four chains that do not wait for each other.
std::uint64_t Compute(std::vector<std::uint64_t>& words) {
  constexpr std::uint64_t kFactor = 0x9E3779B97F4A7C15;
  std::array<std::uint64_t, 4> sums{1, 2, 3, 4};
  for (int pass = 0; pass < kPasses; ++pass) {
    for (std::size_t i = 0; i < words.size(); i += sums.size()) {
      for (std::size_t chain = 0; chain < sums.size(); ++chain) {
        sums[chain] = (sums[chain] ^ words[i + chain]) * kFactor;
      }
    }
    words[static_cast<std::size_t>(pass) % words.size()] ^= sums[0];
  }
  return sums[0] ^ sums[1] ^ sums[2] ^ sums[3];
}

std::int64_t LeastOfSeveral() {
  std::vector<std::uint64_t> words(kWords, 7);
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (int i = 0; i < kRepetitions; ++i) {
    const std::int64_t begin = ThreadCpuNs();
    // Nobody asks for the result, but the compiler does not know.
    volatile std::uint64_t result = Compute(words);
    static_cast<void>(result);
    least = std::min(least, ThreadCpuNs() - begin);
  }
  return least;
}

// Where it is not allowed to run there, it runs elsewhere.
void PinThisThread(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  sched_setaffinity(0, sizeof set, &set);
}

}  // namespace

std::int64_t Calibrate(std::span<const int> cpus) {
  std::int64_t sum = 0;
  std::thread([cpus, &sum] {
    for (const int cpu : cpus) {
      PinThisThread(cpu);
      sum += LeastOfSeveral();
    }
    if (cpus.empty()) sum = LeastOfSeveral();
  }).join();
  return sum / std::max<std::int64_t>(1, std::ssize(cpus));
}

}  // namespace polymux::bench
