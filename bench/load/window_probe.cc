#include "bench/load/window_probe.h"

#include <csignal>
#include <ctime>

#include "bench/load/clock.h"

namespace polymux::bench {

void WindowProbe::Begin() {
  if (processes_ != nullptr) begin_usage_ = processes_->ReadProc();
  Signal();
  begin_ = ReadClocks();
}

void WindowProbe::End() {
  const Clocks end = ReadClocks();
  Signal();
  reading_.window_ns = end.monotonic - begin_.monotonic;
  reading_.load_cpu_ns = end.load_cpu - begin_.load_cpu;
  if (processes_ == nullptr || !begin_usage_) return;
  std::optional<ObservedUsage> usage = processes_->ReadProc();
  if (!usage) return;
  usage->cpu_ns = end.observed_cpu - begin_.observed_cpu;
  usage->user_ns -= begin_usage_->user_ns;
  usage->system_ns -= begin_usage_->system_ns;
  reading_.observed = usage;
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
