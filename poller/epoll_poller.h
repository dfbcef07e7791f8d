#ifndef POLYMUX_POLLER_EPOLL_POLLER_H_
#define POLYMUX_POLLER_EPOLL_POLLER_H_

#include "poller/poller.h"

namespace polymux {

// epoll(7). One class; the row's trigger decides what kNative means.
extern const Backend kEpollLevelBackend;
extern const Backend kEpollEdgeBackend;

}  // namespace polymux

#endif  // POLYMUX_POLLER_EPOLL_POLLER_H_
