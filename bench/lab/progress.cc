#include "bench/lab/progress.h"

#include <fmt/format.h>

#include <utility>

namespace polymux::bench {
namespace {

using std::chrono::nanoseconds;

nanoseconds Estimate(const Plan& plan, std::span<const Slot> slots) {
  nanoseconds sum{0};
  for (const Slot& slot : slots) {
    sum += EstimateTrial(plan, plan.scenarios[slot.scenario]);
  }
  return sum;
}

}  // namespace

Progress::Progress(const Plan& plan, std::span<const Slot> slots, bool rewrites,
                   Tell tell)
    : plan_(plan),
      slots_(slots),
      rewrites_(rewrites),
      tell_(std::move(tell)),
      start_(std::chrono::steady_clock::now()) {}

Progress::~Progress() { ClearLine(); }

void Progress::Starting(const Slot& slot) {
  if (!rewrites_) return;
  ClearLine();
  tell_(fmt::format("{}round {} of {}: {}, {} ({} left)",
                    slot.attempt > 0 ? "again " : "", slot.round + 1, Rounds(),
                    plan_.scenarios[slot.scenario].name,
                    plan_.arms[slot.arm].name, DescribeLength(Remaining())));
}

void Progress::Finished(const Trial& trial) {
  const Slot& slot = trial.slot;
  if (!trial.valid()) {
    ClearLine();
    tell_(fmt::format("round {}: {}, {}: invalid: {}\n", slot.round + 1,
                      plan_.scenarios[slot.scenario].name,
                      plan_.arms[slot.arm].name, trial.invalid));
  }
  if (slot.attempt == 0) ++finished_;
  const bool ends_round =
      slot.attempt == 0 &&
      (finished_ == slots_.size() || slots_[finished_].round != slot.round);
  if (ends_round && !rewrites_) {
    tell_(fmt::format("round {} of {} done, {} left\n", slot.round + 1,
                      Rounds(), DescribeLength(Remaining())));
  }
}

int Progress::Rounds() const { return slots_.back().round + 1; }

nanoseconds Progress::Remaining() const {
  const nanoseconds rest = Estimate(plan_, slots_.subspan(finished_));
  if (finished_ == 0) return rest;
  const std::chrono::duration<double> elapsed =
      std::chrono::steady_clock::now() - start_;
  const std::chrono::duration<double> expected =
      Estimate(plan_, slots_.first(finished_));
  return std::chrono::duration_cast<nanoseconds>(rest * (elapsed / expected));
}

void Progress::ClearLine() {
  // Back to the first column, erase to the end of the line (ECMA-48 EL).
  if (rewrites_) tell_("\r\x1b[K");
}

}  // namespace polymux::bench
