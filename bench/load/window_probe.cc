#include "bench/load/window_probe.h"

#include <algorithm>
#include <csignal>
#include <ctime>

#include "bench/load/clock.h"

namespace polymux::bench {

void WindowProbe::Prepare() {
  if (processes_ != nullptr) known_ = processes_->Read();
  begin_system_ = ReadSystemUsage();
}

void WindowProbe::Begin() {
  Signal();
  begin_ = ReadClocks();
}

void WindowProbe::Middle() { middle_ = ReadClocks(); }

void WindowProbe::End() {
  const Clocks end = ReadClocks();
  Signal();
  reading_.window_ns = end.monotonic - begin_.monotonic;
  reading_.load_cpu_ns = end.load_cpu - begin_.load_cpu;
  TakeObserved(end);
  TakeSystem();
}

void WindowProbe::TakeObserved(const Clocks& end) {
  if (processes_ == nullptr) return;
  reading_.observed = processes_->Usage(known_, begin_.observed_cpu,
                                        processes_->Read(), end.observed_cpu);
  const std::optional<std::int64_t>& all = reading_.observed->cpu_ns;
  if (!all || !middle_ || !middle_->observed_cpu) return;
  const std::int64_t first = *middle_->observed_cpu - *begin_.observed_cpu;
  reading_.half_observed_cpu_ns = {first, *all - first};
}

void WindowProbe::TakeSystem() {
  reading_.system = ReadSystemUsage() - begin_system_;
  const std::int64_t observed =
      reading_.observed ? reading_.observed->cpu_ns.value_or(0) : 0;
  reading_.other_cpu_ns = std::max<std::int64_t>(
      0, reading_.system.busy_ns - reading_.load_cpu_ns - observed);
  if (!reading_.observed || !reading_.observed->may_miss_children) return;
  reading_.begun_unseen = std::max<std::int64_t>(
      0, reading_.system.begun - reading_.observed->begun);
}

void WindowProbe::Signal() const {
  if (signal_ && processes_ != nullptr) processes_->SignalFirst(SIGUSR1);
}

WindowProbe::Clocks WindowProbe::ReadClocks() const {
  Clocks clocks{};
  if (processes_ != nullptr) clocks.observed_cpu = processes_->CpuNs(known_);
  clocks.load_cpu = ReadClockNs(CLOCK_PROCESS_CPUTIME_ID);
  clocks.monotonic = MonotonicNs();
  return clocks;
}

}  // namespace polymux::bench
