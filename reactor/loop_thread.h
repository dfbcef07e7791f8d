#ifndef POLYMUX_REACTOR_LOOP_THREAD_H_
#define POLYMUX_REACTOR_LOOP_THREAD_H_

#include <chrono>
#include <functional>
#include <semaphore>
#include <string>
#include <system_error>
#include <thread>

#include "reactor/event_loop.h"

namespace polymux {

// A thread with a loop of its own, created by that thread and running from the
// constructor to the destructor.
//
// A loop whose wait has failed serves no descriptors any more, but still runs
// what others queue, every kTaskInterval: so nobody waits for an answer that
// never comes.
class LoopThread {
 public:
  using OnError = std::function<void(std::error_code)>;

  static constexpr std::chrono::milliseconds kTaskInterval{10};

  // `name` (at most 15 characters) is shown by ps and top. `on_error` is told,
  // in the new thread, when the loop's wait fails for the first time.
  // Throws std::system_error when there is no thread or no loop to be had.
  LoopThread(const Backend& backend, const std::string& name, OnError on_error);
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;
  // Ends the loop and waits for the thread. REQUIRES: called by another thread;
  // nothing of the loop is left.
  ~LoopThread();

  EventLoop* loop() const { return loop_; }

 private:
  EventLoop* loop_ = nullptr;  // constant after construction
  std::binary_semaphore end_{0};
  std::thread thread_;
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_LOOP_THREAD_H_
