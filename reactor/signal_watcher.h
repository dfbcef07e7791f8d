#ifndef POLYMUX_REACTOR_SIGNAL_WATCHER_H_
#define POLYMUX_REACTOR_SIGNAL_WATCHER_H_

#include <functional>
#include <initializer_list>

#include "reactor/channel.h"
#include "reactor/unique_fd.h"

namespace polymux {

// Delivers signals as events of a loop, by signalfd(2): the callback is
// ordinary code in the loop's thread, and it works the same whatever the loop
// waits in and whichever thread the kernel picks.
class SignalWatcher {
 public:
  // Blocks the signals in this thread and those it starts later. Call it in
  // main before any other thread exists; a thread that does not block them
  // would die of the default action.
  static void Block(std::initializer_list<int> signals);
  // Gives a signal its default action back, so that the next one ends the
  // process. Affects the calling thread's mask.
  static void RestoreDefault(int signal);

  // `on_signal` gets the number, and must not destroy the watcher. Throws
  // std::system_error when there is no signalfd. The loop must outlive the
  // watcher. REQUIRES: Block was called with these signals; loop thread.
  SignalWatcher(EventLoop* loop, std::initializer_list<int> signals,
                std::function<void(int)> on_signal);
  ~SignalWatcher() { channel_.Forget(); }

 private:
  void OnReadable();

  EventLoop* const loop_;
  const UniqueFd fd_;
  const std::function<void(int)> on_signal_;
  Channel channel_;
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_SIGNAL_WATCHER_H_
