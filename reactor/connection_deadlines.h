#ifndef POLYMUX_REACTOR_CONNECTION_DEADLINES_H_
#define POLYMUX_REACTOR_CONNECTION_DEADLINES_H_

#include "reactor/deadline_list.h"

namespace polymux {

// How long a connection may keep others waiting; zero is for ever.
struct ConnectionTimeouts {
  Duration first_byte{};  // from the accept to the first byte
  Duration frame{};       // from the first byte of a frame to its last
  Duration idle{};        // from one message to the next
  Duration write{};       // of pending output without any progress
  // From our end of the stream to the peer's, when we end it first: what
  // arrives is read and dropped, because closing would answer it with a reset,
  // which may destroy the last reply on its way.
  Duration linger = std::chrono::seconds(1);

  // Whether a message has to be noted.
  bool any() const {
    constexpr Duration kNone{};
    return first_byte > kNone || frame > kNone || idle > kNone || write > kNone;
  }
};

// The deadlines of a loop's connections, one list for each time-out. Thread:
// the loop's.
struct ConnectionDeadlines {
  ConnectionDeadlines(EventLoop* loop, const ConnectionTimeouts& timeouts)
      : noted(timeouts.any()),
        first_byte(loop, timeouts.first_byte),
        frame(loop, timeouts.frame),
        idle(loop, timeouts.idle),
        write(loop, timeouts.write),
        linger(loop, timeouts.linger) {}

  const bool noted;
  DeadlineList first_byte;
  DeadlineList frame;
  DeadlineList idle;
  DeadlineList write;
  DeadlineList linger;
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_CONNECTION_DEADLINES_H_
