#ifndef POLYMUX_REACTOR_CHANNEL_H_
#define POLYMUX_REACTOR_CHANNEL_H_

#include <functional>
#include <system_error>

#include "poller/poller.h"

namespace polymux {

class EventLoop;

// One descriptor's interest in a loop, and what to call when it is ready. Does
// not own the descriptor.
//
// There is no close and no error callback: the Poller folds those conditions
// into the directions that are watched, and the read or write that follows
// gives the errno. `hang_up` in the event is a hint that the end is near.
//
// A callback may change or end any Channel's watch, its own included; a
// Channel whose watch has ended is not called again, also for events that have
// been collected. A Channel must not be destroyed by its own callbacks: give
// its owner to EventLoop::ReleaseLater.
//
// Thread: the loop's.
class Channel {
 public:
  using Callback = std::function<void(const Event&)>;

  // The loop must outlive the Channel. A callback may be empty when its
  // direction is never watched.
  Channel(EventLoop* loop, int fd, Callback on_readable, Callback on_writable);
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  // REQUIRES: not watched.
  ~Channel();

  // Replaces the interest; an empty one is the same as Forget. After an error
  // the interest is as before.
  std::error_code Watch(Interest interest);
  // Has what is ready now reported again, also under edge triggering.
  std::error_code Rearm();
  // Ends the watch, if there is one. REQUIRES: the descriptor is still open.
  void Forget();

  Interest interest() const { return interest_; }
  int fd() const { return fd_; }

 private:
  friend class EventLoop;

  // Calls what the event says, as long as it is still watched for.
  void Handle(const Event& event);

  EventLoop* const loop_;
  const int fd_;
  Interest interest_;  // empty: not watched
  const Callback on_readable_;
  const Callback on_writable_;
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_CHANNEL_H_
