#ifndef POLYMUX_BENCH_LAB_PROGRESS_H_
#define POLYMUX_BENCH_LAB_PROGRESS_H_

#include <chrono>
#include <functional>
#include <span>
#include <string_view>

#include "bench/lab/plan.h"
#include "bench/lab/trial.h"

namespace polymux::bench {

// Tells a waiting person how far a comparison has come: one line that is
// rewritten when `rewrites`, as on a terminal, else a line per round.
class Progress {
 public:
  using Tell = std::function<void(std::string_view text)>;

  // `slots` are those of the plan, and must outlive this, like it.
  Progress(const Plan& plan, std::span<const Slot> slots, bool rewrites,
           Tell tell);

  // Clears the rewritten line.
  ~Progress();

  // The first attempts come in the order of the slots, repetitions among them.
  void Starting(const Slot& slot);
  void Finished(const Trial& trial);

 private:
  int Rounds() const;
  // From the plan's estimate, corrected by how well it has held so far.
  std::chrono::nanoseconds Remaining() const;
  void ClearLine();

  const Plan& plan_;
  const std::span<const Slot> slots_;
  const bool rewrites_;
  const Tell tell_;
  const std::chrono::steady_clock::time_point start_;
  std::size_t finished_ = 0;
};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_PROGRESS_H_
