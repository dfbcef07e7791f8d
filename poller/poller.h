#ifndef POLYMUX_POLLER_POLLER_H_
#define POLYMUX_POLLER_POLLER_H_

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace polymux {

// When a ready descriptor is reported again. kLevel: at each Wait while it is
// ready. kEdge: once after each change to ready.
enum class Trigger : std::uint8_t { kLevel, kEdge };

// What a descriptor is watched for.
struct Interest {
  // kNative is what the backend's trigger() names. kLevel is available on every
  // backend; listeners, eventfds, timerfds and signalfds use it, so that their
  // owners need not drain them.
  enum class Mode : std::uint8_t { kNative, kLevel };

  bool read = false;
  bool write = false;
  Mode mode = Mode::kNative;

  // Of those owners.
  static constexpr Interest LevelRead() {
    return {.read = true, .write = false, .mode = Mode::kLevel};
  }

  bool empty() const { return !read && !write; }
  friend bool operator==(const Interest&, const Interest&) = default;
};

// What the caller gets back for a ready descriptor: any 64 bits, for example a
// pointer. The Poller never looks into it.
using Token = std::uint64_t;

// One descriptor's readiness as collected by Wait. It is a hint: the following
// read or write may still report EAGAIN. It must pass Poller::Resolve before it
// is acted on.
struct Event {
  std::uint64_t key = 0;  // generation << 32 | descriptor
  bool read = false;
  bool write = false;
  // The peer has ended its direction, or the connection is broken. Only
  // backends with Backend::reports_hang_up can tell; false elsewhere.
  bool hang_up = false;
  // TCP urgent data has come, at whose mark a read stops short of what is
  // behind it. Told under edge triggering only: under level triggering what is
  // left is reported again.
  bool urgent = false;
};

// A named value for the lab. `is_system_call`: each unit is one system call.
struct Counter {
  std::string_view name;
  bool is_system_call;
  std::uint64_t value;
};

class Poller;

// One row of the table of backends (backends.h).
struct Backend {
  std::string_view name;              // as in --backend=NAME
  std::string_view kernel_interface;  // for people, e.g. "poll(2)"
  Trigger trigger;
  bool reports_hang_up;
  // Whether each change of what is watched is one system call. Otherwise it is
  // none, or as many as the backend counts itself (io_uring: a Forget may be).
  bool changes_are_system_calls;
  std::optional<int> max_fd;  // highest usable descriptor; none: unlimited
  // Returns why the backend cannot be used here; empty when it can.
  std::string (*probe)();
  // Throws std::system_error when the kernel refuses.
  std::unique_ptr<Poller> (*create)();
};

// Watches descriptors for readiness through one I/O multiplexer of the kernel.
//
// The public verbs keep the books and are the same code for every backend; what
// is peculiar to a kernel interface is in the two private virtuals, Change and
// Collect.
//
// Contract, on every backend:
//
// * Under level triggering a ready descriptor is reported by each Wait while it
//   is ready. Under edge triggering it is reported at least once after each
//   change to ready, and after a fresh Watch, a Rearm or a change of interest
//   of a ready descriptor. More events than that may
//   come, so a consumer must tolerate EAGAIN; but a descriptor to which nothing
//   happens falls silent.
// * A consumer under edge triggering must read (or write) until EAGAIN, a short
//   count, or end of file before it may rely on the next event; a short count
//   is not enough when the event says `hang_up`, which makes no further edge,
//   or `urgent`.
// * After Forget, Resolve is empty for every event of that registration,
//   collected earlier or not, even when the number is watched again.
// * Error and hang-up conditions are reported as readiness for whatever is
//   asked (the following read or write gives the errno), never alone. One
//   exception: select cannot tell a write-only watch of a hang-up without room
//   to write, which unix sockets alone have (the peer shuts both directions).
// * Order: forget, then close. A descriptor closed while watched does no harm
//   to others: select and poll notice, drop it and count it (`dropped`); epoll
//   drops it silently.
//
// Invariants: the kernel is given `key`, a value, never a pointer. The
// generation of a number rises with each fresh Watch, and the books are a
// vector indexed by descriptor: Resolve and what the books do in the other
// verbs is O(1). So is Change, but for select's, which looks for the highest
// number that is left when that one has gone.
//
// Thread: all calls from one thread at a time. The Poller has no locks.
class Poller {
 public:
  // Sizes of the event array: it doubles whenever Wait fills it, and what did
  // not fit comes with the next Wait. Shared by all backends so that none
  // gets larger batches than another.
  static constexpr std::size_t kInitialEvents = 64;
  static constexpr std::size_t kMaxEvents = 4096;

  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;
  // Closes what the Poller opened; descriptors that were watched stay open.
  virtual ~Poller() = default;

  // Watches `fd` for `interest`, replacing whatever it was watched for. With
  // the interest that it already has, only the token changes and the kernel is
  // not called.
  //
  // Errors: EINVAL for an empty interest (use Forget); EBADF for a number that
  // is negative or beyond all open ones; ENOSPC for one above
  // Backend::max_fd; what else the kernel says (ENOMEM, EPERM for a regular
  // file under epoll). A closed number that the kernel call cannot see (poll
  // and select are not called here) is dropped and counted by the next Wait.
  // After an error the descriptor is watched as before.
  std::error_code Watch(int fd, Interest interest, Token token);

  // Has a descriptor that is ready reported again, like a fresh Watch: for who
  // has let edges pass without acting on them. Under level triggering, where it
  // is anyway, nothing is done. Events already collected stay valid. Errors:
  // as of Forget, and what the kernel says; it is then watched as before.
  std::error_code Rearm(int fd);

  // Ends the registration. Events already collected for it go stale.
  // REQUIRES: fd is still open. Errors: EBADF for a negative number, ENOENT
  // when it is not watched.
  std::error_code Forget(int fd);

  // Waits until a watched descriptor is ready or `timeout` has passed; none
  // waits for ever, zero or less only looks. The timeout is rounded up to
  // milliseconds on every backend and clamped to INT_MAX of them.
  //
  // `*events` then shows the collected events, at most one per registration,
  // in storage of the Poller that the next Wait reuses. It is empty after a
  // timeout, after a signal (EINTR is not an error) and after an error.
  std::error_code Wait(std::optional<std::chrono::nanoseconds> timeout,
                       std::span<Event>* events);

  // Whether the last Wait has filled its array and made it larger for the next:
  // of what was ready by then, not all has been seen.
  bool grew() const { return grew_; }

  // Returns the token of the event's registration and clears the directions
  // that it is no longer watched for; empty when the registration has ended or
  // no direction remains. O(1).
  std::optional<Token> Resolve(Event& event);

  // The token last registered for the event's descriptor, right or not: to
  // prefetch by, never to act on.
  Token TokenOf(const Event& event) const {
    return registrations_[static_cast<std::uint32_t>(event.key)].token;
  }

  const Backend& backend() const { return backend_; }
  std::string_view name() const { return backend_.name; }
  Trigger trigger() const { return backend_.trigger; }
  bool reports_hang_up() const { return backend_.reports_hang_up; }

  // Collected so far.
  std::uint64_t events() const { return counts_.events; }

  // Totals since construction: waits, empty_waits, events, stale_events, adds,
  // modifies, removes (each call of Watch, Rearm or Forget that reached Change,
  // successful or not), dropped and descriptor_checks (fcntl, when the books
  // grow or a descriptor has been closed while watched); then the backend's
  // own.
  std::vector<Counter> counters() const;

 protected:
  // `backend` must outlive the Poller.
  explicit Poller(const Backend& backend);

  // The current key of a descriptor that the backend found ready.
  // REQUIRES: fd has been passed to Change.
  std::uint64_t KeyOf(int fd) const;

  // Asks the kernel whether `fd` is open, and counts it.
  bool IsOpen(int fd);

  // For a backend that finds a watched descriptor closed: ends the
  // registration, by Change as well, and counts it.
  void Drop(int fd);

 private:
  struct Registration {
    Token token = 0;
    std::uint32_t generation = 0;
    Interest interest;  // empty: not watched
  };

  struct Counts {
    std::uint64_t waits = 0;
    std::uint64_t empty_waits = 0;
    std::uint64_t events = 0;
    std::uint64_t stale_events = 0;
    std::uint64_t adds = 0;
    std::uint64_t modifies = 0;
    std::uint64_t removes = 0;
    std::uint64_t dropped = 0;
    std::uint64_t descriptor_checks = 0;
  };

  // Makes the kernel (or the backend's own set) watch `fd` for `now` instead of
  // `was`: an empty `was` adds, an empty `now` removes, both non-empty modify.
  // The two differ, or re-arm an edge. Events of this registration must carry
  // `key`. Removing
  // always succeeds, also when the descriptor has been closed meanwhile.
  virtual std::error_code Change(int fd, Interest was, Interest now,
                                 std::uint64_t key) = 0;

  // Waits for `timeout_ms` milliseconds (-1: for ever) in one system call and
  // fills `events` from the front, setting `*count`. May set a direction that
  // was not asked for (Resolve masks it). What does not fit must be reported
  // by later calls, and no descriptor may be passed over for ever. EINTR is
  // returned like any errno.
  virtual std::error_code Collect(int timeout_ms, std::span<Event> events,
                                  std::size_t* count) = 0;

  // Appends what only this backend counts. `waits` holds one system call for
  // each Collect; further ones must be counted here.
  virtual void AppendCounters(std::vector<Counter>* /*list*/) const {}

  // Makes room in the books for `fd`.
  std::error_code Admit(int fd);
  // What is known of `fd`; null, with the error of Forget, when it is not
  // watched.
  Registration* Find(int fd, std::error_code* error);

  const Backend& backend_;
  std::vector<Registration> registrations_;  // indexed by descriptor
  std::vector<Event> events_;
  bool grew_ = false;
  Counts counts_;
};

// Inline, since it runs once for each event on every program's hottest path.
inline std::optional<Token> Poller::Resolve(Event& event) {
  const std::size_t index = static_cast<std::uint32_t>(event.key);
  if (index < registrations_.size()) {
    const Registration& entry = registrations_[index];
    event.read = event.read && entry.interest.read;
    event.write = event.write && entry.interest.write;
    const bool current = entry.generation == event.key >> 32;
    if (current && (event.read || event.write)) return entry.token;
  }
  ++counts_.stale_events;
  return std::nullopt;
}

// The errno of the last failed system call as an error_code.
inline std::error_code LastSystemError() {
  return {errno, std::system_category()};
}

}  // namespace polymux

#endif  // POLYMUX_POLLER_POLLER_H_
