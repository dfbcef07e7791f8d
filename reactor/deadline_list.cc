#include "reactor/deadline_list.h"

#include "poller/check.h"
#include "reactor/event_loop.h"

namespace polymux {
namespace {

// The room for refreshing, and thus how late a deadline may be.
Duration RoomOf(Duration timeout) { return timeout / 16; }

}  // namespace

Deadline::~Deadline() {
  POLYMUX_DCHECK(next_ == nullptr, "a deadline is destroyed while armed");
}

DeadlineList::DeadlineList(EventLoop* loop, Duration timeout)
    : loop_(loop), timeout_(timeout) {
  anchor_.previous_ = anchor_.next_ = &anchor_;
}

DeadlineList::~DeadlineList() {
  POLYMUX_DCHECK(anchor_.next_ == &anchor_, "deadlines outlive their list");
  anchor_.previous_ = anchor_.next_ = nullptr;
  if (timer_) loop_->Cancel(*timer_);
}

void DeadlineList::Arm(Deadline& deadline) {
  if (!enabled()) return;
  Disarm(deadline);
  deadline.due_ =
      After(After(loop_->IterationTime(), timeout_), RoomOf(timeout_));
  deadline.previous_ = anchor_.previous_;
  deadline.next_ = &anchor_;
  deadline.previous_->next_ = &deadline;
  anchor_.previous_ = &deadline;
  if (!timer_) Schedule(deadline.due_ - loop_->IterationTime());
}

void DeadlineList::Refresh(Deadline& deadline) {
  const bool suffices = deadline.armed() && After(loop_->IterationTime(),
                                                  timeout_) <= deadline.due_;
  if (!suffices) Arm(deadline);
}

void DeadlineList::Disarm(Deadline& deadline) {
  if (!deadline.armed()) return;
  deadline.previous_->next_ = deadline.next_;
  deadline.next_->previous_ = deadline.previous_;
  deadline.previous_ = deadline.next_ = nullptr;
}

void DeadlineList::Schedule(Duration delay) {
  timer_ = loop_->RunAfter(delay, [this] { ExpireDue(); });
}

void DeadlineList::ExpireDue() {
  timer_.reset();
  const TimePoint now = loop_->Now();
  // What is armed meanwhile is due later, so this ends.
  while (anchor_.next_ != &anchor_) {
    Deadline& first = *anchor_.next_;
    ++looked_at_;
    if (first.due_ > now) {
      if (!timer_) Schedule(first.due_ - now);
      return;
    }
    Disarm(first);
    first.OnExpired();
  }
}

}  // namespace polymux
