#include "poller/uring_poller.h"

#include <liburing.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>
#include <utility>

// io_uring(7), polls alone: the kernel tells what is ready, the caller reads.
//
// a) SINGLE_ISSUER binds the ring to the thread that enables it. It is made
//    disabled, so that creation fails where the Poller is constructed, and is
//    enabled by the first Wait, in the thread that waits.
// b) Changes are batched: each marks its descriptor, and the next Wait submits
//    what has become of it and waits, in one io_uring_enter(2).
// c) A poll holds its file: until it is cancelled, a close sends no FIN, and a
//    closed listener goes on listening. Since a Wait need not follow, Forget
//    alone is not batched: it cancels at once a poll that the kernel has.
// d) Each poll has a user_data of its own (serial << 32 | descriptor), for an
//    interest may change while the completion for the old one is on its way.
//    A completion with another serial than the last is dropped.
// e) A cancellation gives at least one completion at once: the poll's, with
//    ECANCELED, or its own, when the poll has completed before. The wait is for
//    one completion more than these.
//    POLL_REMOVE will not do: while a wake-up is under way it gives EALREADY,
//    and the poll lives on if nothing is ready by then. ASYNC_CANCEL ends it.
// f) io_uring_enter tells the number of submitted entries in place of EINTR and
//    ETIME. They show as fewer completions than were waited for.
// g) With DEFER_TASKRUN, wake-ups become completions inside io_uring_enter, and
//    at most 20 by one call, unless more are waited for (Linux 6.13).
// h) When the completion queue is full, the kernel keeps a list (NODROP) and
//    moves it to the queue in the next io_uring_enter with GETEVENTS. It counts
//    what it had no memory to keep; then every poll is armed afresh.
// i) A multishot poll may end by itself: its last completion lacks F_MORE.
// j) RDHUP is reported asked or not, even to a poll for writing alone, and a
//    one-shot poll of it completes at once each time. Such a poll is armed as
//    multishot, which tells of it once, until the direction asked for comes.
// k) A one-shot poll reports what its first wake-up told of; the other
//    direction may be ready as well. When it is watched, the poll is armed
//    again within the same Wait, and then tells of both.
// l) Since Linux 6.14 (tried on 6.18) the rings of a user without CAP_IPC_LOCK
//    count against RLIMIT_MEMLOCK, commonly 8 MiB, for a while after their end
//    too: hence small rings, and patience with ENOMEM.
// m) The end of a ring interrupts the thread that made it, a little later: a
//    call that is not restarted, such as recv with SO_RCVTIMEO, ends with
//    EINTR.
// n) A multishot poll reports what its wake-up said, and that of a TCP socket
//    says PRI and RDBAND of any data; only when there were several since the
//    last report, or none (when it is armed), the socket itself is asked, which
//    never says RDBAND. A segment with an urgent byte makes two wake-ups before
//    a read can see it. So PRI means urgent data if RDBAND is absent. (One that
//    arrives out of order makes one alone, when there is nothing to read yet:
//    that urgent data is not told of.)
// o) Never give a setup flag that this liburing does not know: with NO_SQARRAY,
//    liburing 2.3 leaves the process in the kernel, where no signal ends it.

namespace polymux {
namespace {

constexpr unsigned kSubmissions = 256;
constexpr unsigned kCompletions = 2048;
constexpr unsigned kTaskWorkBatch = 20;  // see g)
// No descriptor, so no poll, has these lower 32 bits.
constexpr std::uint64_t kOfCancellation = ~std::uint64_t{0};

using Clock = std::chrono::steady_clock;

// Returns 0 or a negative errno.
int CreateRing(io_uring* ring) {
  io_uring_params params{};
  params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                 IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_R_DISABLED |
                 IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE |
                 IORING_SETUP_CLAMP;
  params.cq_entries = kCompletions;
  constexpr int kTries = 400;
  constexpr std::chrono::milliseconds kPause(5);
  int result = 0;
  for (int i = 0; i < kTries; ++i) {
    result = ::io_uring_queue_init_params(kSubmissions, ring, &params);
    if (result != -ENOMEM) break;
    std::this_thread::sleep_for(kPause);  // see l)
  }
  return result;
}

class UringPoller final : public Poller {
 public:
  explicit UringPoller(const Backend& backend);
  ~UringPoller() override;

 private:
  // One descriptor.
  struct Slot {
    std::uint32_t serial = 0;      // of the last poll; see d)
    std::uint32_t wait = 0;        // the last Wait that reported it ...
    std::uint32_t event = 0;       // ... and where
    Interest interest;             // empty: not watched
    bool armed = false;            // the kernel has the poll `serial`
    bool cancel = false;           // ... and it is for another interest
    bool marked = false;           // in marked_
    bool told_of_hang_up = false;  // alone, hence armed as multishot: see j)
    bool urgent = false;           // has been seen: see n)
  };

  std::error_code Change(int fd, Interest was, Interest now,
                         std::uint64_t key) override;
  std::error_code Collect(int timeout_ms, std::span<Event> events,
                          std::size_t* count) override;
  void AppendCounters(std::vector<Counter>* list) const override;

  void Mark(std::size_t fd);
  // Puts what the marked descriptors need into the submission queue.
  std::error_code QueueMarked();
  void QueueCancellation(std::uint64_t user_data, std::error_code* error);
  void QueuePoll(std::size_t fd, std::error_code* error);
  // Makes the kernel let go of the file: see c).
  void CancelNow(std::size_t fd);
  // A free entry; flushes the queue when it is full. nullptr on an error.
  io_uring_sqe* NextEntry(std::error_code* error);
  // One io_uring_enter: submits, and waits for `completions`. No timeout: for
  // ever. Errors: those of the kernel but ETIME.
  std::error_code Enter(unsigned completions, __kernel_timespec* timeout);
  // Turns completions into events while there is room; returns how many.
  unsigned Reap(std::span<Event> events, std::size_t* count);
  void Complete(const io_uring_cqe& cqe, std::span<Event> events,
                std::size_t* count);
  // After completions have been lost: see h).
  void ArmAllAfresh();
  bool Multishot(const Slot& slot) const {
    return trigger() == Trigger::kEdge &&
           slot.interest.mode == Interest::Mode::kNative;
  }

  io_uring ring_{};
  bool enabled_ = false;
  std::vector<Slot> slots_;            // indexed by descriptor
  std::vector<std::uint32_t> marked_;  // each at most once
  bool partial_ = false;               // see k)
  unsigned cancellations_ = 0;         // since the last Reap
  std::uint32_t wait_ = 0;             // number of this Wait
  unsigned lost_ = 0;                  // as the kernel counts: see h)
  std::uint64_t enters_ = 0;
  std::uint64_t collects_ = 0;
  std::uint64_t submitted_ = 0;
  std::uint64_t completed_ = 0;
  std::uint64_t rearms_ = 0;
  std::uint64_t overflows_ = 0;
};

std::uint64_t UserData(std::uint32_t serial, std::size_t fd) {
  return std::uint64_t{serial} << 32 | fd;
}

UringPoller::UringPoller(const Backend& backend) : Poller(backend) {
  if (const int result = CreateRing(&ring_); result < 0) {
    throw std::system_error(-result, std::system_category(),
                            result == -ENOMEM
                                ? "io_uring_setup, RLIMIT_MEMLOCK (ulimit -l)"
                                : "io_uring_setup");
  }
}

UringPoller::~UringPoller() {
  // The kernel would let go of the watched files some time after the exit.
  std::error_code error;
  if (enabled_) {
    if (io_uring_sqe* const entry = NextEntry(&error)) {
      ::io_uring_prep_cancel64(entry, 0, IORING_ASYNC_CANCEL_ANY);
      __kernel_timespec none{};
      Enter(0, &none);
    }
  }
  ::io_uring_queue_exit(&ring_);
}

void UringPoller::Mark(std::size_t fd) {
  if (slots_[fd].marked) return;
  slots_[fd].marked = true;
  marked_.push_back(static_cast<std::uint32_t>(fd));
}

std::error_code UringPoller::Change(int fd, Interest /*was*/, Interest now,
                                    std::uint64_t /*key*/) {
  const auto index = static_cast<std::size_t>(fd);
  if (index >= slots_.size()) {
    slots_.resize(std::max(index + 1, 2 * slots_.size()));
    marked_.reserve(slots_.size());  // so that no Wait allocates
  }
  Slot& slot = slots_[index];
  slot.interest = now;
  slot.cancel = slot.armed;
  slot.told_of_hang_up = false;
  slot.urgent = false;
  if (now.empty() && slot.cancel) CancelNow(index);
  Mark(index);
  return {};
}

void UringPoller::CancelNow(std::size_t fd) {
  Slot& slot = slots_[fd];
  std::error_code error;
  QueueCancellation(UserData(slot.serial, fd), &error);
  if (error) return;  // the next Wait tries again
  slot.cancel = false;
  slot.armed = false;
  ++slot.serial;
  __kernel_timespec none{};
  // On an error the entry stays in the queue for the next Wait.
  static_cast<void>(Enter(0, &none));
}

io_uring_sqe* UringPoller::NextEntry(std::error_code* error) {
  io_uring_sqe* entry = ::io_uring_get_sqe(&ring_);
  if (entry != nullptr) return entry;
  __kernel_timespec none{};
  *error = Enter(0, &none);
  if (*error) return nullptr;
  entry = ::io_uring_get_sqe(&ring_);
  if (entry == nullptr) {
    *error = std::make_error_code(std::errc::device_or_resource_busy);
  }
  return entry;
}

void UringPoller::QueueCancellation(std::uint64_t user_data,
                                    std::error_code* error) {
  io_uring_sqe* const entry = NextEntry(error);
  if (entry == nullptr) return;
  ::io_uring_prep_cancel64(entry, user_data, 0);
  ::io_uring_sqe_set_data64(entry, kOfCancellation);
  ::io_uring_sqe_set_flags(entry, IOSQE_CQE_SKIP_SUCCESS);
  ++cancellations_;
}

void UringPoller::QueuePoll(std::size_t fd, std::error_code* error) {
  io_uring_sqe* const entry = NextEntry(error);
  if (entry == nullptr) return;
  Slot& slot = slots_[fd];
  unsigned mask = 0;
  if (slot.interest.read) mask |= POLLIN | POLLRDHUP;
  if (slot.interest.write) mask |= POLLOUT;
  if (Multishot(slot) && slot.interest.read) mask |= POLLPRI | POLLRDBAND;
  if (Multishot(slot) || slot.told_of_hang_up) {
    ::io_uring_prep_poll_multishot(entry, static_cast<int>(fd), mask);
  } else {
    ::io_uring_prep_poll_add(entry, static_cast<int>(fd), mask);
  }
  ::io_uring_sqe_set_data64(entry, UserData(++slot.serial, fd));
  slot.armed = true;
}

std::error_code UringPoller::QueueMarked() {
  std::error_code error;
  // All cancellations come first. Otherwise the queue's order would not matter.
  std::size_t done = 0;
  for (; done < marked_.size() && !error; ++done) {
    const std::size_t fd = marked_[done];
    Slot& slot = slots_[fd];
    if (slot.cancel) {
      QueueCancellation(UserData(slot.serial, fd), &error);
      if (error) break;
      slot.cancel = false;
      slot.armed = false;
      ++slot.serial;  // what is still to come is stale
    }
    if (!slot.armed && !slot.interest.empty()) QueuePoll(fd, &error);
    if (error) break;
    slot.marked = false;
  }
  marked_.erase(marked_.begin(),
                marked_.begin() + static_cast<std::ptrdiff_t>(done));
  return error;
}

std::error_code UringPoller::Enter(unsigned completions,
                                   __kernel_timespec* timeout) {
  // As io_uring_submit does; liburing 2.3 has no call that submits, waits with
  // a timeout and enters the kernel exactly once.
  io_uring_sq& queue = ring_.sq;
  for (; queue.sqe_head != queue.sqe_tail; ++queue.sqe_head) {
    const unsigned place = queue.sqe_head & *queue.kring_mask;
    queue.array[place] = place;
  }
  io_uring_smp_store_release(queue.ktail, queue.sqe_tail);
  const unsigned head = io_uring_smp_load_acquire(queue.khead);
  io_uring_getevents_arg argument{};
  argument.sigmask_sz = _NSIG / 8;
  argument.ts = reinterpret_cast<std::uintptr_t>(timeout);
  ++enters_;
  const int result = ::io_uring_enter2(
      static_cast<unsigned>(ring_.ring_fd), queue.sqe_tail - head, completions,
      IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG,
      reinterpret_cast<sigset_t*>(&argument), sizeof(argument));
  submitted_ += io_uring_smp_load_acquire(queue.khead) - head;
  // EBUSY: completions must be reaped first. EBADR: see h).
  if (result >= 0 || result == -ETIME || result == -EBUSY || result == -EBADR) {
    return {};
  }
  return {-result, std::system_category()};
}

[[gnu::hot]] std::error_code UringPoller::Collect(int timeout_ms,
                                                  std::span<Event> events,
                                                  std::size_t* count) {
  if (!enabled_) {
    if (const int result = ::io_uring_enable_rings(&ring_); result < 0) {
      return {-result, std::system_category()};
    }
    enabled_ = true;
  }
  ++wait_;
  ++collects_;
  const Clock::time_point deadline =
      timeout_ms > 0 ? Clock::now() + std::chrono::milliseconds(timeout_ms)
                     : Clock::time_point{};
  bool again = false;  // see k)
  partial_ = false;
  while (true) {
    // An error must not take away what has been collected.
    if (const std::error_code error = QueueMarked()) {
      return *count > 0 ? std::error_code() : error;
    }
    const bool look = timeout_ms == 0 ||
                      ::io_uring_cq_ready(&ring_) > cancellations_ ||
                      *count > 0;
    const unsigned wanted = look ? 0 : cancellations_ + 1;
    __kernel_timespec rest{};
    if (timeout_ms > 0 && !look) {
      const auto left =
          std::max(Clock::duration::zero(), deadline - Clock::now());
      rest.tv_sec = left.count() / 1'000'000'000;
      rest.tv_nsec = left.count() % 1'000'000'000;
    }
    const bool for_ever = timeout_ms < 0 && !look;
    if (const std::error_code error =
            Enter(wanted, for_ever ? nullptr : &rest)) {
      return *count > 0 ? std::error_code() : error;
    }
    unsigned reaped = Reap(events, count);
    cancellations_ = 0;
    const auto more = [this] {
      return (*ring_.sq.kflags & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) !=
             0;
    };
    while (reaped >= kTaskWorkBatch && *count < events.size() && more()) {
      __kernel_timespec none{};
      if (Enter(kCompletions, &none)) break;
      const unsigned rest_reaped = Reap(events, count);
      if (rest_reaped == 0) break;
      reaped += rest_reaped;
    }
    if (*ring_.cq.koverflow != lost_) {
      lost_ = *ring_.cq.koverflow;
      ArmAllAfresh();
      continue;
    }
    if (std::exchange(partial_, false) && !again && *count < events.size()) {
      again = true;
      continue;
    }
    // Fewer than were waited for: the timeout, or a signal. See f).
    if (*count > 0 || timeout_ms == 0 || reaped < std::max(wanted, 1U)) {
      return {};
    }
  }
}

unsigned UringPoller::Reap(std::span<Event> events, std::size_t* count) {
  if ((*ring_.sq.kflags & IORING_SQ_CQ_OVERFLOW) != 0) ++overflows_;
  unsigned head = 0;
  unsigned reaped = 0;
  io_uring_cqe* cqe = nullptr;
  io_uring_for_each_cqe(&ring_, head, cqe) {
    if (*count == events.size()) break;
    Complete(*cqe, events, count);
    ++reaped;
  }
  ::io_uring_cq_advance(&ring_, reaped);
  completed_ += reaped;
  return reaped;
}

void UringPoller::Complete(const io_uring_cqe& cqe, std::span<Event> events,
                           std::size_t* count) {
  const std::size_t fd = static_cast<std::uint32_t>(cqe.user_data);
  if (fd >= slots_.size()) return;  // a cancellation's own
  Slot& slot = slots_[fd];
  if (slot.serial != cqe.user_data >> 32) return;
  if ((cqe.flags & IORING_CQE_F_MORE) == 0) {
    slot.armed = false;
    slot.cancel = false;
    if (Multishot(slot)) ++rearms_;
    if (!slot.interest.empty()) Mark(fd);
  }
  if (slot.interest.empty()) return;
  if (cqe.res < 0) {
    const bool transient = cqe.res == -ECANCELED || cqe.res == -ENOMEM ||
                           cqe.res == -EAGAIN || cqe.res == -EINTR;
    if (!transient) Drop(static_cast<int>(fd));
    return;
  }
  const bool broken = (cqe.res & (POLLERR | POLLHUP)) != 0;
  const bool urgent = (cqe.res & (POLLPRI | POLLRDBAND)) == POLLPRI;
  const bool read = slot.interest.read &&
                    (broken || urgent || (cqe.res & (POLLIN | POLLRDHUP)) != 0);
  const bool write =
      slot.interest.write && (broken || (cqe.res & POLLOUT) != 0);
  slot.urgent |= urgent;
  if (!Multishot(slot)) {
    const bool armed = slot.armed;  // as multishot: see j)
    slot.told_of_hang_up = !read && !write;
    if (armed && !slot.told_of_hang_up) {
      slot.cancel = true;
      Mark(fd);
    }
    partial_ |= read != write && slot.interest.read && slot.interest.write;
  }
  if (!read && !write) return;
  if (slot.wait != wait_ || *count == 0) {
    slot.wait = wait_;
    slot.event = static_cast<std::uint32_t>((*count)++);
    events[slot.event] = {.key = KeyOf(static_cast<int>(fd))};
  }
  Event& event = events[slot.event];
  event.read |= read;
  event.write |= write;
  event.hang_up |= broken || (slot.interest.read && (cqe.res & POLLRDHUP) != 0);
  event.urgent |= slot.urgent;
}

void UringPoller::ArmAllAfresh() {
  for (std::size_t fd = 0; fd < slots_.size(); ++fd) {
    if (slots_[fd].interest.empty()) continue;
    slots_[fd].cancel = slots_[fd].armed;
    Mark(fd);
  }
}

void UringPoller::AppendCounters(std::vector<Counter>* list) const {
  list->push_back({"uring_more_enters", true, enters_ - collects_});
  list->push_back({"uring_submitted", false, submitted_});
  list->push_back({"uring_completed", false, completed_});
  list->push_back({"uring_rearms", false, rearms_});
  list->push_back({"uring_overflows", false, overflows_});
}

std::string Probe() {
  int result = 0;
  // In a thread of its own: see m).
  try {
    std::thread([&result] {
      io_uring ring{};
      result = CreateRing(&ring);
      if (result == 0) ::io_uring_queue_exit(&ring);
    }).join();
  } catch (const std::system_error& error) {
    return "a thread to try it in: " + error.code().message();
  }
  if (result == 0) return {};
  std::string reason =
      "io_uring_setup: " + std::system_category().message(-result);
  int disabled = 0;
  std::ifstream("/proc/sys/kernel/io_uring_disabled") >> disabled;
  switch (-result) {
    case ENOSYS:
      return reason + " (a kernel without io_uring, or a seccomp filter)";
    case EPERM:
      return reason + (disabled != 0
                           ? " (sysctl kernel.io_uring_disabled is " +
                                 std::to_string(disabled) + ")"
                           : " (a seccomp filter, as containers have)");
    case EINVAL:
      return reason + " (Linux before 6.1 lacks DEFER_TASKRUN)";
    case ENOMEM:
      return reason +
             " (more than RLIMIT_MEMLOCK allows, ulimit -l, or than there is)";
    default:
      return reason;
  }
}

}  // namespace

constinit const Backend kUringLevelBackend = {
    .name = "uring-lt",
    .kernel_interface = "io_uring(7), one-shot polls",
    .trigger = Trigger::kLevel,
    .reports_hang_up = true,
    .changes_are_system_calls = false,
    .max_fd = std::nullopt,
    .probe = Probe,
    .create = []() -> std::unique_ptr<Poller> {
      return std::make_unique<UringPoller>(kUringLevelBackend);
    }};

constinit const Backend kUringEdgeBackend = {
    .name = "uring-et",
    .kernel_interface = "io_uring(7), multishot polls",
    .trigger = Trigger::kEdge,
    .reports_hang_up = true,
    .changes_are_system_calls = false,
    .max_fd = std::nullopt,
    .probe = Probe,
    .create = []() -> std::unique_ptr<Poller> {
      return std::make_unique<UringPoller>(kUringEdgeBackend);
    }};

}  // namespace polymux
