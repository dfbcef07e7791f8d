#ifndef POLYMUX_POLLER_URING_POLLER_H_
#define POLYMUX_POLLER_URING_POLLER_H_

#include "poller/poller.h"

namespace polymux {

// io_uring(7) as a readiness multiplexer. One class; the row's trigger decides
// what kNative means: one-shot polls, armed again after each delivery, or
// multishot polls.
//
// Thread: the first Wait binds the Poller to its thread; later Waits must come
// from the same one.
extern const Backend kUringLevelBackend;
extern const Backend kUringEdgeBackend;

}  // namespace polymux

#endif  // POLYMUX_POLLER_URING_POLLER_H_
