#include "poller/poller.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "poller/check.h"

namespace polymux {
namespace {

std::uint64_t MakeKey(int fd, std::uint32_t generation) {
  return std::uint64_t{generation} << 32 | static_cast<std::uint32_t>(fd);
}

std::error_code Error(std::errc code) { return std::make_error_code(code); }

// Up, so that no wait ends before its timeout; a wait that ended early would
// only find that it has to wait again, in a busy loop of short timeouts.
int RoundUpToMilliseconds(std::optional<std::chrono::nanoseconds> timeout) {
  if (!timeout) return -1;
  if (timeout->count() <= 0) return 0;
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(*timeout);
  return static_cast<int>(std::min<std::int64_t>(ms.count(), INT_MAX));
}

}  // namespace

Poller::Poller(const Backend& backend)
    : backend_(backend), events_(kInitialEvents) {}

std::error_code Poller::Watch(int fd, Interest interest, Token token) {
  if (interest.empty()) return Error(std::errc::invalid_argument);
  if (const std::error_code error = Admit(fd)) return error;

  Registration& entry = registrations_[static_cast<std::size_t>(fd)];
  if (entry.interest == interest) {
    entry.token = token;
    return {};
  }
  const bool fresh = entry.interest.empty();
  const std::uint32_t generation = entry.generation + (fresh ? 1 : 0);
  ++(fresh ? counts_.adds : counts_.modifies);
  if (const std::error_code error =
          Change(fd, entry.interest, interest, MakeKey(fd, generation))) {
    return error;
  }
  entry = {.token = token, .generation = generation, .interest = interest};
  return {};
}

std::error_code Poller::Rearm(int fd) {
  std::error_code error;
  const Registration* const entry = Find(fd, &error);
  if (entry == nullptr) return error;
  const Interest interest = entry->interest;
  if (trigger() == Trigger::kLevel || interest.mode == Interest::Mode::kLevel) {
    return {};
  }
  ++counts_.modifies;
  return Change(fd, interest, interest, MakeKey(fd, entry->generation));
}

std::error_code Poller::Forget(int fd) {
  std::error_code error;
  Registration* const entry = Find(fd, &error);
  if (entry == nullptr) return error;
  ++counts_.removes;
  error =
      Change(fd, entry->interest, Interest{}, MakeKey(fd, entry->generation));
  POLYMUX_DCHECK(!error, "a backend failed to remove a descriptor");
  entry->interest = Interest{};
  return error;
}

Poller::Registration* Poller::Find(int fd, std::error_code* error) {
  if (fd < 0) {
    *error = Error(std::errc::bad_file_descriptor);
    return nullptr;
  }
  const auto index = static_cast<std::size_t>(fd);
  if (index >= registrations_.size() ||
      registrations_[index].interest.empty()) {
    *error = Error(std::errc::no_such_file_or_directory);
    return nullptr;
  }
  return &registrations_[index];
}

[[gnu::hot]] std::error_code Poller::Wait(
    std::optional<std::chrono::nanoseconds> timeout, std::span<Event>* events) {
  *events = {};
  ++counts_.waits;
  std::size_t count = 0;
  std::error_code error =
      Collect(RoundUpToMilliseconds(timeout), events_, &count);
  if (error) {
    count = 0;
    if (error == std::errc::interrupted) error.clear();
  }
  counts_.empty_waits += count == 0 ? 1 : 0;
  counts_.events += count;
  grew_ = count == events_.size() && count < kMaxEvents;
  if (grew_) events_.resize(2 * events_.size());
  *events = std::span(events_).first(count);
  return error;
}

std::vector<Counter> Poller::counters() const {
  const bool changes = backend_.changes_are_system_calls;
  std::vector<Counter> list = {
      {"waits", true, counts_.waits},
      {"empty_waits", false, counts_.empty_waits},
      {"events", false, counts_.events},
      {"stale_events", false, counts_.stale_events},
      {"adds", changes, counts_.adds},
      {"modifies", changes, counts_.modifies},
      {"removes", changes, counts_.removes},
      {"dropped", false, counts_.dropped},
      {"descriptor_checks", true, counts_.descriptor_checks}};
  AppendCounters(&list);
  return list;
}

std::uint64_t Poller::KeyOf(int fd) const {
  return MakeKey(fd, registrations_[static_cast<std::size_t>(fd)].generation);
}

bool Poller::IsOpen(int fd) {
  ++counts_.descriptor_checks;
  return ::fcntl(fd, F_GETFD) != -1;
}

void Poller::Drop(int fd) {
  Registration& entry = registrations_[static_cast<std::size_t>(fd)];
  ++counts_.dropped;
  Change(fd, entry.interest, Interest{}, MakeKey(fd, entry.generation));
  entry.interest = Interest{};
}

std::error_code Poller::Admit(int fd) {
  if (fd < 0) return Error(std::errc::bad_file_descriptor);
  const auto index = static_cast<std::size_t>(fd);
  if (index < registrations_.size()) return {};
  // Only an open descriptor makes the books grow, so that a wild number costs
  // no memory. This runs once for each doubling.
  if (!IsOpen(fd)) return LastSystemError();
  registrations_.resize(std::max(index + 1, 2 * registrations_.size()));
  return {};
}

}  // namespace polymux
