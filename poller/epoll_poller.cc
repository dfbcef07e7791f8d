#include "poller/epoll_poller.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>

// epoll(7), level- and edge-triggered.
//
// a) epoll watches open file descriptions, not numbers. A close removes the
//    registration only when it was the last descriptor of the description; with
//    a dup (or a child) alive, events keep coming under the old key and the
//    registration cannot be named any more. Hence forget, then close.
// b) ERR and HUP are always reported, asked or not. They are folded into both
//    directions; Poller::Resolve masks what is not asked.
// c) RDHUP is asked for only together with IN: under level triggering a
//    write-only watch would otherwise spin once the peer has half-closed.
// d) MOD re-arms an edge: a descriptor that is ready is reported again.
// e) OUT rides along with any IN edge while the socket is writable.
// f) A full event array loses nothing: the kernel rotates its ready list.
// g) PRI (urgent data) is asked for only where there are edges: under level
//    triggering it would be reported for as long as nobody reads past the mark.

namespace polymux {
namespace {

class EpollPoller final : public Poller {
 public:
  explicit EpollPoller(const Backend& backend)
      : Poller(backend), epoll_fd_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_fd_ == -1) {
      throw std::system_error(LastSystemError(), "epoll_create1");
    }
  }
  ~EpollPoller() override { ::close(epoll_fd_); }

 private:
  std::error_code Change(int fd, Interest was, Interest now,
                         std::uint64_t key) override;
  std::error_code Collect(int timeout_ms, std::span<Event> events,
                          std::size_t* count) override;
  void AppendCounters(std::vector<Counter>* list) const override {
    list->push_back({"epoll_more_changes", true, more_changes_});
  }

  std::uint32_t MaskOf(Interest interest) const;

  const int epoll_fd_;
  std::vector<epoll_event> ready_;
  std::uint64_t more_changes_ = 0;  // second calls for one Change
};

std::uint32_t EpollPoller::MaskOf(Interest interest) const {
  std::uint32_t mask = 0;
  if (interest.read) mask |= EPOLLIN | EPOLLRDHUP;
  if (interest.write) mask |= EPOLLOUT;
  if (trigger() == Trigger::kEdge && interest.mode == Interest::Mode::kNative) {
    mask |= EPOLLET;
    if (interest.read) mask |= EPOLLPRI;
  }
  return mask;
}

std::error_code EpollPoller::Change(int fd, Interest was, Interest now,
                                    std::uint64_t key) {
  if (now.empty()) {
    // ENOENT and EBADF mean that the kernel let go of it before: see a).
    ::epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, fd, nullptr);
    return {};
  }
  epoll_event change{.events = MaskOf(now), .data = {.u64 = key}};
  const int verb = was.empty() ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  if (::epoll_ctl(epoll_fd_, verb, fd, &change) == 0) return {};
  // After a close without Forget the kernel's set and the books disagree: see
  // a). The books are right.
  const bool lost = verb == EPOLL_CTL_MOD && errno == ENOENT;
  const bool left = verb == EPOLL_CTL_ADD && errno == EEXIST;
  if (!lost && !left) return LastSystemError();
  ++more_changes_;
  const int other = lost ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  if (::epoll_ctl(epoll_fd_, other, fd, &change) == 0) return {};
  return LastSystemError();
}

[[gnu::hot]] std::error_code EpollPoller::Collect(int timeout_ms,
                                                  std::span<Event> events,
                                                  std::size_t* count) {
  if (ready_.size() < events.size()) ready_.resize(events.size());
  const int found = ::epoll_wait(epoll_fd_, ready_.data(),
                                 static_cast<int>(events.size()), timeout_ms);
  if (found == -1) return LastSystemError();
  *count = static_cast<std::size_t>(found);
  for (std::size_t i = 0; i < *count; ++i) {
    const std::uint32_t mask = ready_[i].events;
    const bool broken = (mask & (EPOLLERR | EPOLLHUP)) != 0;
    events[i] = {
        .key = ready_[i].data.u64,
        .read = broken || (mask & (EPOLLIN | EPOLLPRI | EPOLLRDHUP)) != 0,
        .write = broken || (mask & EPOLLOUT) != 0,
        .hang_up = broken || (mask & EPOLLRDHUP) != 0,
        .urgent = (mask & EPOLLPRI) != 0};
  }
  return {};
}

std::string Probe() { return {}; }

}  // namespace

constinit const Backend kEpollLevelBackend = {
    .name = "epoll-lt",
    .kernel_interface = "epoll(7), level-triggered",
    .trigger = Trigger::kLevel,
    .reports_hang_up = true,
    .changes_are_system_calls = true,
    .max_fd = std::nullopt,
    .probe = Probe,
    .create = []() -> std::unique_ptr<Poller> {
      return std::make_unique<EpollPoller>(kEpollLevelBackend);
    }};

constinit const Backend kEpollEdgeBackend = {
    .name = "epoll-et",
    .kernel_interface = "epoll(7), edge-triggered",
    .trigger = Trigger::kEdge,
    .reports_hang_up = true,
    .changes_are_system_calls = true,
    .max_fd = std::nullopt,
    .probe = Probe,
    .create = []() -> std::unique_ptr<Poller> {
      return std::make_unique<EpollPoller>(kEpollEdgeBackend);
    }};

}  // namespace polymux
