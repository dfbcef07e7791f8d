#ifndef POLYMUX_BENCH_LAB_CALIBRATION_H_
#define POLYMUX_BENCH_LAB_CALIBRATION_H_

#include <cstdint>
#include <span>

namespace polymux::bench {

// How fast the machine is now, whatever is measured on it: the CPU time in
// nanoseconds that a fixed computation of about a millisecond takes on each of
// these CPUs, the mean of them; where there are none, on any.  Of several
// repetitions on a CPU the least counts, which no interrupt has met.  The
// computation keeps the units of a core busy and stays in its own caches, as a
// server's loop mostly does: it is slower on a lower frequency, and beside a
// busy thread of the same core.  Takes some ten milliseconds for each CPU, in a
// thread of its own.
std::int64_t Calibrate(std::span<const int> cpus);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_CALIBRATION_H_
