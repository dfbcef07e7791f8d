#ifndef POLYMUX_BENCH_LAB_INTERRUPT_H_
#define POLYMUX_BENCH_LAB_INTERRUPT_H_

#include <chrono>

namespace polymux::bench {

using Deadline = std::chrono::steady_clock::time_point;

// Thrown by the waits of the lab when SIGINT, SIGTERM or SIGHUP has come.
struct Interrupted {};

// One key press may come as several signals, from the terminal and from a
// program in between (timeout(1) sends two): what comes so soon after the first
// one is it once more.
inline constexpr std::chrono::seconds kSameInterrupt{2};

// From now on SIGINT, SIGTERM and SIGHUP (unless it is ignored, as by nohup)
// end a wait instead of the process.  A second one, not before kSameInterrupt,
// has its default action and so ends even a stuck process.  A pipe without a
// reader is an error of the write: the process must live to end its servers.
//
// REQUIRES: called once, before the process has a second thread.
void HandleInterrupts();

// Waits until `fd` is readable or at its end: true; or until `deadline`: false.
// Throws Interrupted, also when the signal came earlier and no wait has told
// of it yet.
bool WaitReadable(int fd, Deadline deadline);

// Sleeps until `deadline`.  Throws Interrupted.
void SleepUntil(Deadline deadline);

// WaitReadable for cleaning up: no interrupt shortens it.
bool WaitReadableUninterrupted(int fd, Deadline deadline);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_INTERRUPT_H_
