#ifndef POLYMUX_REACTOR_CLOSE_REASON_H_
#define POLYMUX_REACTOR_CLOSE_REASON_H_

#include <string_view>

#include "reactor/loop_counters.h"

namespace polymux {

// Why a connection ended.
enum class CloseReason : unsigned char {
  kPeerClosed,        // the peer ended its direction and has been sent all
  kError,             // a system call failed; the error code tells
  kLocal,             // Close or Shutdown was called, or the server stops
  kException,         // one of its callbacks has thrown
  kMalformed,         // what came can be no frame
  kInputLimit,        // more input left by on_message than max_input
  kOutputLimit,       // more output than max_output or max_handed_over
  kFirstByteTimeout,  // silent from the beginning
  kFrameTimeout,      // a frame did not end in time
  kIdle,              // no message for too long
  kWriteTimeout,      // the peer took nothing of pending output for too long
};

std::string_view ToString(CloseReason reason);

// Counts a connection that has ended for `reason` in the counters of its loop.
void CountClose(CloseReason reason, LoopCounters& counters);

}  // namespace polymux

#endif  // POLYMUX_REACTOR_CLOSE_REASON_H_
