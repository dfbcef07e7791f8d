#ifndef POLYMUX_REACTOR_LOOP_COUNTERS_H_
#define POLYMUX_REACTOR_LOOP_COUNTERS_H_

#include <cstdint>
#include <vector>

#include "poller/poller.h"

namespace polymux {

// The one list of a loop's counters: COUNTER(name, is_system_call).
#define POLYMUX_LOOP_COUNTERS(COUNTER)                                        \
  /* On connections, all outcomes. */                                         \
  COUNTER(reads, true)                                                        \
  COUNTER(writes, true)                                                       \
  COUNTER(shutdowns, true)                                                    \
  COUNTER(ioctls, true)  /* what is unsent or unread, at the end */           \
  COUNTER(accepts, true) /* accept4, all outcomes */                          \
  /* Of connections, of sockets that were turned away, of listeners, and of   \
     the spare descriptor, which opens counts. */                             \
  COUNTER(closes, true)                                                       \
  COUNTER(opens, true)                                                        \
  COUNTER(wakeup_reads, true) /* of the eventfd */                            \
  COUNTER(timer_sets, true)                                                   \
  COUNTER(timer_reads, true)                                                  \
  COUNTER(signal_reads, true)                                                 \
  /* Outcomes of those. */                                                    \
  COUNTER(eagain_reads, false)                                                \
  COUNTER(eagain_writes, false)                                               \
  COUNTER(short_writes, false)                                                \
  COUNTER(eagain_accepts, false)                                              \
  COUNTER(bytes_read, false)                                                  \
  COUNTER(bytes_written, false)                                               \
  /* Decisions. */                                                            \
  COUNTER(tasks, false)      /* run by the loop */                            \
  COUNTER(requeues, false)   /* events to be repeated */                      \
  COUNTER(exceptions, false) /* thrown by callbacks, tasks and timers */      \
  COUNTER(opened, false)     /* connections */                                \
  COUNTER(closed, false)     /* connections */                                \
  /* Of those, closed for a cause: see CloseReason. */                        \
  COUNTER(closed_exception, false)                                            \
  COUNTER(closed_malformed, false)                                            \
  COUNTER(closed_input_limit, false)                                          \
  COUNTER(closed_output_limit, false)                                         \
  COUNTER(closed_first_byte, false)                                           \
  COUNTER(closed_frame_timeout, false)                                        \
  COUNTER(closed_idle, false)                                                 \
  COUNTER(closed_write_timeout, false)                                        \
  COUNTER(lost, false) /* closed by us with output or work pending */         \
  /* Never became connections: above the connection limit, above the limit of \
     one address, out of descriptors or refused by the backend. */            \
  COUNTER(rejected_limit, false)                                              \
  COUNTER(rejected_peer_limit, false)                                         \
  COUNTER(rejected_descriptors, false)

// What one loop has done since it began, besides what its Poller counts. Plain
// integers of the loop's thread, always on: they are what lets a comparison say
// why one backend is dearer than another. Each is counted once, next to the
// system call or the decision that it counts.
struct LoopCounters {
#define POLYMUX_DECLARE_COUNTER(name, is_system_call) std::uint64_t name = 0;
  POLYMUX_LOOP_COUNTERS(POLYMUX_DECLARE_COUNTER)
#undef POLYMUX_DECLARE_COUNTER

  std::vector<Counter> List() const;
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_LOOP_COUNTERS_H_
