#ifndef POLYMUX_BENCH_LAB_INTERRUPT_H_
#define POLYMUX_BENCH_LAB_INTERRUPT_H_

#include <chrono>

namespace polymux::bench {

using Deadline = std::chrono::steady_clock::time_point;

// Thrown by the waits of the lab when SIGINT, SIGTERM or SIGHUP has come.
struct Interrupted {};

// From now on SIGINT, SIGTERM and SIGHUP (unless it is ignored, as by nohup)
// end a wait instead of the process.  The first one restores their default
// action, so that a second one ends even a stuck process.  A pipe without a
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
