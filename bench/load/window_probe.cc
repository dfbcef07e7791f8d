#include "bench/load/window_probe.h"

#include <algorithm>
#include <csignal>
#include <ctime>

#include "bench/load/clock.h"

namespace polymux::bench {

void WindowProbe::Prepare() {
  if (processes_ != nullptr) begin_usage_ = processes_->ReadProc();
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
  if (processes_ == nullptr || !begin_usage_) return;
  std::optional<ObservedUsage> usage = processes_->ReadProc();
  if (!usage) return;
  usage->cpu_ns = end.observed_cpu - begin_.observed_cpu;
  usage->user_ns -= begin_usage_->user_ns;
  usage->system_ns -= begin_usage_->system_ns;
  // A thread that ended meanwhile took its count with it.
  usage->voluntary_switches = std::max<std::int64_t>(
      0, usage->voluntary_switches - begin_usage_->voluntary_switches);
  usage->involuntary_switches = std::max<std::int64_t>(
      0, usage->involuntary_switches - begin_usage_->involuntary_switches);
  reading_.observed = usage;
  if (!middle_) return;
  reading_.half_observed_cpu_ns = {middle_->observed_cpu - begin_.observed_cpu,
                                   end.observed_cpu - middle_->observed_cpu};
}

void WindowProbe::TakeSystem() {
  reading_.system = ReadSystemUsage() - begin_system_;
  const std::int64_t ours = reading_.load_cpu_ns +
                            (reading_.observed ? reading_.observed->cpu_ns : 0);
  reading_.other_cpu_ns =
      std::max<std::int64_t>(0, reading_.system.busy_ns - ours);
}

void WindowProbe::Signal() const {
  if (signal_ && processes_ != nullptr) processes_->SignalFirst(SIGUSR1);
}

WindowProbe::Clocks WindowProbe::ReadClocks() const {
  Clocks clocks{};
  clocks.observed_cpu = processes_ == nullptr ? 0 : processes_->CpuNs();
  clocks.load_cpu = ReadClockNs(CLOCK_PROCESS_CPUTIME_ID);
  clocks.monotonic = MonotonicNs();
  return clocks;
}

}  // namespace polymux::bench
