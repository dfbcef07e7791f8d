#include "poller/backends.h"

#include <algorithm>
#include <iterator>

// BUILD defines one POLYMUX_WITH_... for each backend that is linked in.
#if defined(POLYMUX_WITH_SELECT)
#include "poller/select_poller.h"
#endif
#if defined(POLYMUX_WITH_POLL)
#include "poller/poll_poller.h"
#endif
#if defined(POLYMUX_WITH_EPOLL_LT) || defined(POLYMUX_WITH_EPOLL_ET)
#include "poller/epoll_poller.h"
#endif
#if defined(POLYMUX_WITH_URING_LT) || defined(POLYMUX_WITH_URING_ET)
#include "poller/uring_poller.h"
#endif

namespace polymux {

std::span<const Backend> Backends() {
  static const Backend kTable[] = {
#if defined(POLYMUX_WITH_SELECT)
    kSelectBackend,
#endif
#if defined(POLYMUX_WITH_POLL)
    kPollBackend,
#endif
#if defined(POLYMUX_WITH_EPOLL_LT)
    kEpollLevelBackend,
#endif
#if defined(POLYMUX_WITH_EPOLL_ET)
    kEpollEdgeBackend,
#endif
#if defined(POLYMUX_WITH_URING_LT)
    kUringLevelBackend,
#endif
#if defined(POLYMUX_WITH_URING_ET)
    kUringEdgeBackend,
#endif
  };
  return kTable;
}

const Backend* FindBackend(std::string_view name) {
  const std::span<const Backend> table = Backends();
  const auto row = std::ranges::find(table, name, &Backend::name);
  return row == table.end() ? nullptr : std::to_address(row);
}

const Backend& DefaultBackend() {
  const Backend* const preferred = FindBackend("epoll-lt");
  return preferred != nullptr ? *preferred : Backends().front();
}

std::string BackendNames() {
  std::string names;
  for (const Backend& backend : Backends()) {
    if (!names.empty()) names += ", ";
    names += backend.name;
  }
  return names;
}

}  // namespace polymux
