#include "poller/poll_poller.h"

#include <poll.h>

#include <cerrno>

// poll(2).
//
// a) The kernel walks the whole array on each call, so the array is dense:
//    removal swaps the last entry into the hole.
// b) The return value is the number of entries with revents; the scan stops
//    when that many have been seen.
// c) A closed descriptor reports NVAL at once and for ever. It is dropped and
//    counted; left in, it would make every wait return immediately.
// d) ERR and HUP are always reported and folded into both directions. RDHUP is
//    asked for only with IN, as under epoll.
// e) When more is ready than fits, the next scan starts where this one stopped,
//    so that the front of the array cannot starve the back.

namespace polymux {
namespace {

class PollPoller final : public Poller {
 public:
  PollPoller() : Poller(kPollBackend) {}

 private:
  std::error_code Change(int fd, Interest was, Interest now,
                         std::uint64_t key) override;
  std::error_code Collect(int timeout_ms, std::span<Event> events,
                          std::size_t* count) override;

  void Remove(int fd);

  std::vector<pollfd> watched_;
  std::vector<std::size_t> slot_of_fd_;  // index into watched_
  std::vector<int> closed_;              // found by the current Collect
  std::size_t scan_start_ = 0;
};

short MaskOf(Interest interest) {
  int mask = 0;
  if (interest.read) mask |= POLLIN | POLLRDHUP;
  if (interest.write) mask |= POLLOUT;
  return static_cast<short>(mask);
}

std::error_code PollPoller::Change(int fd, Interest was, Interest now,
                                   std::uint64_t /*key*/) {
  const auto index = static_cast<std::size_t>(fd);
  if (now.empty()) {
    Remove(fd);
  } else if (was.empty()) {
    if (index >= slot_of_fd_.size()) slot_of_fd_.resize(index + 1);
    slot_of_fd_[index] = watched_.size();
    watched_.push_back({.fd = fd, .events = MaskOf(now), .revents = 0});
  } else {
    watched_[slot_of_fd_[index]].events = MaskOf(now);
  }
  return {};
}

void PollPoller::Remove(int fd) {
  const std::size_t slot = slot_of_fd_[static_cast<std::size_t>(fd)];
  watched_[slot] = watched_.back();
  slot_of_fd_[static_cast<std::size_t>(watched_[slot].fd)] = slot;
  watched_.pop_back();
}

std::error_code PollPoller::Collect(int timeout_ms, std::span<Event> events,
                                    std::size_t* count) {
  const int found = ::poll(watched_.data(), watched_.size(), timeout_ms);
  if (found == -1) return LastSystemError();

  const std::size_t size = watched_.size();
  std::size_t slot = scan_start_ < size ? scan_start_ : 0;
  int seen = 0;
  while (seen < found && *count < events.size()) {
    const pollfd& entry = watched_[slot];
    slot = slot + 1 < size ? slot + 1 : 0;
    if (entry.revents == 0) continue;
    ++seen;
    if ((entry.revents & POLLNVAL) != 0) {
      closed_.push_back(entry.fd);
      continue;
    }
    const bool broken = (entry.revents & (POLLERR | POLLHUP)) != 0;
    events[(*count)++] = {
        .key = KeyOf(entry.fd),
        .read = broken || (entry.revents & (POLLIN | POLLRDHUP)) != 0,
        .write = broken || (entry.revents & POLLOUT) != 0,
        .hang_up = broken || (entry.revents & POLLRDHUP) != 0};
  }
  scan_start_ = seen < found ? slot : 0;

  for (const int fd : closed_) Drop(fd);
  closed_.clear();
  return {};
}

}  // namespace

constinit const Backend kPollBackend = {
    .name = "poll",
    .kernel_interface = "poll(2)",
    .trigger = Trigger::kLevel,
    .reports_hang_up = true,
    .changes_are_system_calls = false,
    .max_fd = std::nullopt,
    .probe = [] { return std::string(); },
    .create = []() -> std::unique_ptr<Poller> {
      return std::make_unique<PollPoller>();
    }};

}  // namespace polymux
