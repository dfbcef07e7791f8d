#ifndef POLYMUX_REACTOR_DEADLINE_LIST_H_
#define POLYMUX_REACTOR_DEADLINE_LIST_H_

#include <cstddef>
#include <optional>

#include "reactor/clock.h"
#include "reactor/timer_queue.h"

namespace polymux {

class EventLoop;

// Something that must not take longer than the time-out of a DeadlineList.
class Deadline {
 public:
  Deadline() = default;
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  // REQUIRES: not armed.
  virtual ~Deadline();

  bool armed() const { return next_ != nullptr; }

 private:
  friend class DeadlineList;

  // The time is over. It is not armed any more; this may arm it again.
  virtual void OnExpired() = 0;

  Deadline* previous_ = nullptr;
  Deadline* next_ = nullptr;
  TimePoint due_;
};

// The deadlines that share one time-out, in the order in which they end: the
// order in which they were armed. Arming, refreshing and disarming are O(1),
// and looking for the expired ones costs as much as there are, whatever the
// number of the others.
//
// A deadline expires no earlier than its time-out and about a sixteenth of it
// later at most. That room is what makes refreshing cheap: it moves a deadline
// only when the room is used up, so a busy connection's about sixteen times
// within the time-out.
//
// Thread: the loop's.
class DeadlineList {
 public:
  // A `timeout` of zero is none: nothing is ever armed. The loop must outlive
  // the list, which a deadline that expires may give up by ReleaseLater.
  DeadlineList(EventLoop* loop, Duration timeout);
  DeadlineList(const DeadlineList&) = delete;
  DeadlineList& operator=(const DeadlineList&) = delete;
  // REQUIRES: no deadline is armed.
  ~DeadlineList();

  bool enabled() const { return timeout_ > Duration::zero(); }

  // Begins to wait, or begins anew.
  void Arm(Deadline& deadline);
  // Arms, unless the deadline leaves the whole time-out from now as it is.
  void Refresh(Deadline& deadline);
  // Ends the waiting, if it has begun.
  static void Disarm(Deadline& deadline);

  // How many deadlines were looked at so far in search of expired ones.
  std::size_t looked_at() const { return looked_at_; }

 private:
  // Both ends of the ring.
  class Anchor final : public Deadline {
    void OnExpired() override {}
  };

  void Schedule(Duration delay);
  void ExpireDue();

  EventLoop* const loop_;
  const Duration timeout_;
  Anchor anchor_;
  std::optional<TimerId> timer_;  // for the first deadline, or earlier
  std::size_t looked_at_ = 0;
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_DEADLINE_LIST_H_
