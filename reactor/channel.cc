#include "reactor/channel.h"

#include <cstdint>
#include <utility>

#include "poller/check.h"
#include "reactor/event_loop.h"

namespace polymux {

Channel::Channel(EventLoop* loop, int fd, Callback on_readable,
                 Callback on_writable)
    : loop_(loop),
      fd_(fd),
      on_readable_(std::move(on_readable)),
      on_writable_(std::move(on_writable)) {}

Channel::~Channel() {
  POLYMUX_DCHECK(interest_.empty(), "a Channel is destroyed while watched");
}

std::error_code Channel::Watch(Interest interest) {
  loop_->AssertInLoopThread();
  if (interest.empty()) {
    Forget();
    return {};
  }
  const auto token = static_cast<Token>(reinterpret_cast<std::uintptr_t>(this));
  const std::error_code error = loop_->poller_->Watch(fd_, interest, token);
  if (!error) interest_ = interest;
  return error;
}

std::error_code Channel::Rearm() {
  loop_->AssertInLoopThread();
  return loop_->poller_->Rearm(fd_);
}

void Channel::Forget() {
  loop_->AssertInLoopThread();
  if (interest_.empty()) return;
  interest_ = Interest{};
  loop_->poller_->Forget(fd_);
}

[[gnu::hot]] void Channel::Handle(const Event& event) {
  if (event.read) on_readable_(event);
  // Each direction by itself: both may be ready in one event, and the first
  // callback may have ended the watch.
  if (event.write && interest_.write) on_writable_(event);
}

}  // namespace polymux
