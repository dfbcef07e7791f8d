#ifndef POLYMUX_POLLER_SELECT_POLLER_H_
#define POLYMUX_POLLER_SELECT_POLLER_H_

#include "poller/poller.h"

namespace polymux {

// select(2).
extern const Backend kSelectBackend;

}  // namespace polymux

#endif  // POLYMUX_POLLER_SELECT_POLLER_H_
