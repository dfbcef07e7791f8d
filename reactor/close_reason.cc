#include "reactor/close_reason.h"

namespace polymux {

std::string_view ToString(CloseReason reason) {
  switch (reason) {
    case CloseReason::kPeerClosed:
      return "peer closed";
    case CloseReason::kError:
      return "error";
    case CloseReason::kLocal:
      return "closed here";
    case CloseReason::kException:
      return "an exception in a callback";
    case CloseReason::kMalformed:
      return "malformed frame";
    case CloseReason::kInputLimit:
      return "too much unconsumed input";
    case CloseReason::kOutputLimit:
      return "too much pending output";
    case CloseReason::kFirstByteTimeout:
      return "nothing received in time";
    case CloseReason::kFrameTimeout:
      return "frame not complete in time";
    case CloseReason::kIdle:
      return "idle";
    case CloseReason::kWriteTimeout:
      return "output not taken in time";
  }
  return "unknown";
}

void CountClose(CloseReason reason, LoopCounters& counters) {
  ++counters.closed;
  switch (reason) {
    case CloseReason::kPeerClosed:
    case CloseReason::kError:
    case CloseReason::kLocal:
      break;
    case CloseReason::kException:
      ++counters.closed_exception;
      break;
    case CloseReason::kMalformed:
      ++counters.closed_malformed;
      break;
    case CloseReason::kInputLimit:
      ++counters.closed_input_limit;
      break;
    case CloseReason::kOutputLimit:
      ++counters.closed_output_limit;
      break;
    case CloseReason::kFirstByteTimeout:
      ++counters.closed_first_byte;
      break;
    case CloseReason::kFrameTimeout:
      ++counters.closed_frame_timeout;
      break;
    case CloseReason::kIdle:
      ++counters.closed_idle;
      break;
    case CloseReason::kWriteTimeout:
      ++counters.closed_write_timeout;
      break;
  }
}

}  // namespace polymux
