#ifndef POLYMUX_BENCH_LOAD_WINDOW_PROBE_H_
#define POLYMUX_BENCH_LOAD_WINDOW_PROBE_H_

#include <array>
#include <cstdint>
#include <optional>

#include "bench/load/observed_processes.h"
#include "bench/load/system_usage.h"

namespace polymux::bench {

// What was read at the two edges and in the middle of the measured window.
struct WindowReading {
  std::int64_t window_ns = 0;
  std::int64_t load_cpu_ns = 0;  // our own process, all threads
  std::optional<ObservedUsage> observed;
  // Processes and threads that began on the whole machine and were not seen
  // among the observed ones, where some of those may end without a trace.
  std::int64_t begun_unseen = 0;
  // The CPU time of the observed processes in the two halves.
  std::optional<std::array<std::int64_t, 2>> half_observed_cpu_ns;
  SystemUsage system;  // of the whole machine
  // CPU time used by neither the observed processes nor us; from ticks of 10 ms
  // for each CPU, hence coarse.
  std::int64_t other_cpu_ns = 0;
};

// Reads the clocks at the edges of the window. Begin, Middle and End are called
// by the thread that counts messages, between two messages, so that counts and
// clocks speak of the same instants. All slow readings (the files of /proc) are
// outside of the window: in Prepare, a moment before Begin, and in End after
// the clocks.
class WindowProbe {
 public:
  // `processes` may be null and must outlive the probe. With `signal`, SIGUSR1
  // goes to the first process at both edges.
  WindowProbe(const ObservedProcesses* processes, bool signal)
      : processes_(processes), signal_(signal) {}

  void Prepare();
  void Begin();
  void Middle();
  void End();

  // All zero unless Prepare, Begin and End were called; without Middle there
  // are no halves.
  const WindowReading& reading() const { return reading_; }

 private:
  struct Clocks {
    std::int64_t monotonic;
    std::int64_t load_cpu;
    std::optional<std::int64_t> observed_cpu;
  };

  void Signal() const;
  Clocks ReadClocks() const;
  void TakeObserved(const Clocks& end);
  void TakeSystem();

  const ObservedProcesses* const processes_;
  const bool signal_;
  SystemUsage begin_system_;
  ObservedProcesses::Reading known_;
  Clocks begin_{};
  std::optional<Clocks> middle_;
  WindowReading reading_;
};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_WINDOW_PROBE_H_
