#ifndef POLYMUX_POLLER_POLL_POLLER_H_
#define POLYMUX_POLLER_POLL_POLLER_H_

#include "poller/poller.h"

namespace polymux {

// poll(2).
extern const Backend kPollBackend;

}  // namespace polymux

#endif  // POLYMUX_POLLER_POLL_POLLER_H_
