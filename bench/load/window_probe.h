#ifndef POLYMUX_BENCH_LOAD_WINDOW_PROBE_H_
#define POLYMUX_BENCH_LOAD_WINDOW_PROBE_H_

#include <cstdint>
#include <optional>

#include "bench/load/observed_processes.h"

namespace polymux::bench {

// What was read at the two edges of the measured window.
struct WindowReading {
  std::int64_t window_ns = 0;
  std::int64_t load_cpu_ns = 0;  // our own process, all threads
  std::optional<ObservedUsage> observed;
};

// Reads the clocks at the edges of the window. Begin and End are called by the
// thread that counts messages, between two messages, so that counts and clocks
// speak of the same instants. All slow readings are outside of the window.
class WindowProbe {
 public:
  // `processes` may be null and must outlive the probe. With `signal`, SIGUSR1
  // goes to the first process at both edges.
  WindowProbe(const ObservedProcesses* processes, bool signal)
      : processes_(processes), signal_(signal) {}

  void Begin();
  void End();

  // All zero unless Begin and End were called.
  const WindowReading& reading() const { return reading_; }

 private:
  struct Clocks {
    std::int64_t monotonic;
    std::int64_t load_cpu;
    std::int64_t observed_cpu;
  };

  void Signal() const;
  Clocks ReadClocks() const;

  const ObservedProcesses* const processes_;
  const bool signal_;
  Clocks begin_{};
  std::optional<ObservedUsage> begin_usage_;
  WindowReading reading_;
};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_WINDOW_PROBE_H_
