#ifndef POLYMUX_TESTS_BENCH_EXTRA_WORK_H_
#define POLYMUX_TESTS_BENCH_EXTRA_WORK_H_

#include <chrono>
#include <cstdint>

namespace polymux::bench {

// A known amount of CPU time, without a system call or a look at the clock,
// which would cost as much as what is to be injected.
class ExtraWork {
 public:
  // Measures how fast this CPU computes, which takes some 20 ms.
  explicit ExtraWork(std::chrono::nanoseconds cost);

  // Computes for `cost`: more when the CPU is slower than it was at its best
  // while the constructor measured. Any thread.
  void Do() const;

 private:
  const std::uint64_t steps_;
};

}  // namespace polymux::bench

#endif  // POLYMUX_TESTS_BENCH_EXTRA_WORK_H_
