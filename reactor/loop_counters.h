#ifndef POLYMUX_REACTOR_LOOP_COUNTERS_H_
#define POLYMUX_REACTOR_LOOP_COUNTERS_H_

#include <cstdint>
#include <vector>

#include "poller/poller.h"

namespace polymux {

// What one loop has done since it began, besides what its Poller counts. Plain
// integers of the loop's thread, always on: they are what lets a comparison say
// why one backend is dearer than another. Each is counted once, next to the
// system call or the decision that it counts.
struct LoopCounters {
  // System calls.
  std::uint64_t reads = 0;         // on connections, all outcomes
  std::uint64_t writes = 0;        // on connections, all outcomes
  std::uint64_t accepts = 0;       // accept4, all outcomes
  std::uint64_t closes = 0;        // of connections
  std::uint64_t wakeup_reads = 0;  // of the eventfd
  std::uint64_t timer_sets = 0;
  std::uint64_t timer_reads = 0;
  std::uint64_t signal_reads = 0;
  // Outcomes of those.
  std::uint64_t eagain_reads = 0;
  std::uint64_t eagain_writes = 0;
  std::uint64_t short_writes = 0;
  std::uint64_t eagain_accepts = 0;
  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_written = 0;
  // Decisions.
  std::uint64_t tasks = 0;       // run by the loop
  std::uint64_t requeues = 0;    // events to be repeated
  std::uint64_t exceptions = 0;  // thrown by callbacks, tasks and timers
  std::uint64_t opened = 0;      // connections
  std::uint64_t closed = 0;      // connections
  // Connections closed for what the peer did or failed to do, by cause.
  std::uint64_t closed_exception = 0;      // by us: a callback has thrown
  std::uint64_t closed_malformed = 0;      // a frame that cannot be
  std::uint64_t closed_output_limit = 0;   // more pending output than allowed
  std::uint64_t closed_first_byte = 0;     // silent from the beginning
  std::uint64_t closed_frame_timeout = 0;  // a frame that did not end in time
  std::uint64_t closed_idle = 0;
  std::uint64_t closed_write_timeout = 0;  // took nothing for too long
  std::uint64_t lost = 0;            // closed by us with output or work pending
  std::uint64_t rejected_limit = 0;  // above the connection limit
  std::uint64_t rejected_peer_limit = 0;   // above the limit of one address
  std::uint64_t rejected_descriptors = 0;  // out of descriptors, or refused by
                                           // the backend

  std::vector<Counter> List() const;
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_LOOP_COUNTERS_H_
