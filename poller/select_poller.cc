#include "poller/select_poller.h"

#include <sys/select.h>

#include <array>
#include <bit>
#include <cerrno>
#include <climits>
#include <cstring>

// select(2).
//
// a) The limit is on the descriptor's *number*: glibc's fd_set has FD_SETSIZE
//    (1024) bits and FD_SET beyond them is undefined (an abort under
//    _FORTIFY_SOURCE). Such a number is refused with ENOSPC.
// b) The call overwrites the sets and, on Linux, the timeout: both are rebuilt
//    for each call.
// c) One closed descriptor makes the whole call fail with EBADF and does not
//    say which. The offenders are looked for, dropped and counted.
// d) An error shows as plain readiness in whichever set asks, a hang-up only in
//    the read set; there is no separate hint.
// e) nfds is the highest watched number plus one; the kernel's cost follows it.

namespace polymux {
namespace {

constexpr std::size_t kBitsPerWord = CHAR_BIT * sizeof(unsigned long);

// A copy of an fd_set that can be scanned a word at a time. The kernel defines
// the layout: bit n % word of word n / word.
using Words = std::array<unsigned long, FD_SETSIZE / kBitsPerWord>;
static_assert(sizeof(Words) == sizeof(fd_set));

Words WordsOf(const fd_set& set) {
  Words words;
  std::memcpy(words.data(), &set, sizeof(words));
  return words;
}

void SetBit(int fd, bool value, fd_set* set) {
  if (value) {
    FD_SET(fd, set);
  } else {
    FD_CLR(fd, set);
  }
}

class SelectPoller final : public Poller {
 public:
  SelectPoller() : Poller(kSelectBackend) {
    FD_ZERO(&read_);
    FD_ZERO(&write_);
  }

 private:
  std::error_code Change(int fd, Interest was, Interest now,
                         std::uint64_t key) override;
  std::error_code Collect(int timeout_ms, std::span<Event> events,
                          std::size_t* count) override;

  bool Watched(int fd) const {
    return FD_ISSET(fd, &read_) || FD_ISSET(fd, &write_);
  }
  void DropClosed();

  fd_set read_;
  fd_set write_;
  int nfds_ = 0;
};

std::error_code SelectPoller::Change(int fd, Interest /*was*/, Interest now,
                                     std::uint64_t /*key*/) {
  if (fd >= FD_SETSIZE) {
    return std::make_error_code(std::errc::no_space_on_device);
  }
  SetBit(fd, now.read, &read_);
  SetBit(fd, now.write, &write_);
  if (fd >= nfds_) nfds_ = fd + 1;
  while (nfds_ > 0 && !Watched(nfds_ - 1)) --nfds_;
  return {};
}

std::error_code SelectPoller::Collect(int timeout_ms, std::span<Event> events,
                                      std::size_t* count) {
  fd_set read = read_;
  fd_set write = write_;
  timeval timeout{.tv_sec = timeout_ms / 1000,
                  .tv_usec = timeout_ms % 1000 * 1000L};
  const int found = ::select(nfds_, &read, &write, nullptr,
                             timeout_ms < 0 ? nullptr : &timeout);
  if (found == -1) {
    if (errno != EBADF) return LastSystemError();
    DropClosed();
    return {};
  }
  if (found == 0) return {};

  const Words readable = WordsOf(read);
  const Words writable = WordsOf(write);
  const std::size_t words =
      (static_cast<std::size_t>(nfds_) + kBitsPerWord - 1) / kBitsPerWord;
  for (std::size_t word = 0; word < words; ++word) {
    for (unsigned long either = readable[word] | writable[word]; either != 0;
         either &= either - 1) {
      // What does not fit is found again by the next call, in an array twice
      // as large; FD_SETSIZE is below its final size, so nobody starves.
      if (*count == events.size()) return {};
      const auto bit = static_cast<std::size_t>(std::countr_zero(either));
      const unsigned long mask = 1UL << bit;
      events[(*count)++] = {
          .key = KeyOf(static_cast<int>(word * kBitsPerWord + bit)),
          .read = (readable[word] & mask) != 0,
          .write = (writable[word] & mask) != 0,
          .hang_up = false};
    }
  }
  return {};
}

void SelectPoller::DropClosed() {
  for (int fd = nfds_ - 1; fd >= 0; --fd) {
    if (Watched(fd) && !IsOpen(fd)) Drop(fd);
  }
}

static_assert(FD_SETSIZE <= Poller::kMaxEvents);

}  // namespace

constinit const Backend kSelectBackend = {
    .name = "select",
    .kernel_interface = "select(2)",
    .trigger = Trigger::kLevel,
    .reports_hang_up = false,
    .changes_are_system_calls = false,
    .max_fd = FD_SETSIZE - 1,
    .probe = [] { return std::string(); },
    .create = []() -> std::unique_ptr<Poller> {
      return std::make_unique<SelectPoller>();
    }};

}  // namespace polymux
