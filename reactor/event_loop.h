#ifndef POLYMUX_REACTOR_EVENT_LOOP_H_
#define POLYMUX_REACTOR_EVENT_LOOP_H_

#include <sys/types.h>

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "poller/poller.h"
#include "reactor/buffer_pool.h"
#include "reactor/channel.h"
#include "reactor/clock.h"
#include "reactor/loop_counters.h"
#include "reactor/task_queue.h"
#include "reactor/timer_queue.h"
#include "reactor/unique_fd.h"

namespace polymux {

// The reactor: waits for readiness, dispatches to channels, runs tasks and
// timers, in one thread, the one that constructed it. Everything a loop owns is
// touched by that thread only, and therefore unlocked; the exceptions are
// RunInLoop, QueueInLoop and Quit. Debug builds abort when a loop-only function
// is called elsewhere, Run does in every build.
//
// One iteration: wait; dispatch the collected events, then the requeued ones;
// run the timers that are due; run the tasks that are queued by then; close and
// release what was given up meanwhile. So a deadline is looked at after the
// input that has come by then, in whatever order a backend tells of them, also
// by a loop that was held up. No user code runs while the kernel's event array
// is being walked, and nothing is destroyed while an event for it may be in the
// batch.
//
// Lifetimes. An object whose callbacks may end it, and of which a frame may
// therefore be on the stack when it ends, gives what it owns to ReleaseLater.
// Whoever may come when the loop has ended keeps tasks(), which drops what is
// posted then.
//
// Exceptions. What a callback, a task or a timer throws ends that call alone:
// it is counted, told to on_exception, and the loop goes on with the next one.
class EventLoop {
 public:
  static constexpr std::size_t kCacheLine = 64;
  // From that of a Channel on, what lies there is loaded ahead of its turn.
  static constexpr std::size_t kPrefetchedLines = 3;

  // Throws std::system_error when the kernel refuses a descriptor. `clock` must
  // outlive the loop.
  explicit EventLoop(const Backend& backend,
                     const Clock& clock = Clock::Monotonic());
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  // Drops the tasks that have not run. REQUIRES: not running; every Channel of
  // this loop has been forgotten, or is released with ReleaseLater.
  ~EventLoop();

  // Runs until Quit. A Quit before Run makes it return after one look at what
  // is ready; each Quit ends one Run. Tasks queued by then have run on return.
  // Returns the error of the Poller's wait, if that is why it ended. REQUIRES:
  // the thread that constructed the loop, which is not in Run already.
  std::error_code Run();

  // Any thread.
  void Quit();

  // Runs `task`, any function without arguments, in the loop's thread: at once
  // when called there, else as by QueueInLoop. Any thread.
  template <typename Function>
  void RunInLoop(Function&& task) {
    if (IsInLoopThread()) {
      task();
    } else {
      QueueInLoop(std::forward<Function>(task));
    }
  }
  // Runs `task` in the loop's thread, later: at the end of this iteration or,
  // when a task queues it, of the next, without waiting. One thread's tasks
  // keep their order. Any thread, as long as the loop exists.
  template <typename Function>
  void QueueInLoop(Function&& task) {
    tasks_->Post(std::forward<Function>(task));
  }
  // The queue behind that, for who may come after the loop's end. Any thread,
  // as long as the loop exists.
  const std::shared_ptr<TaskQueue>& tasks() const { return tasks_; }

  // Timers. The callback runs in the loop's thread, never early, at the end of
  // a round of events. A delay that goes beyond the end of time is for ever.
  // Loop thread.
  TimerId RunAfter(Duration delay, TimerQueue::Callback callback);
  TimerId RunEvery(Duration interval, TimerQueue::Callback callback);
  bool Cancel(TimerId id);
  TimePoint Now() const { return clock_.Now(); }
  // The time of the first call in this iteration: one look at the clock serves
  // all the connections of a batch. Loop thread.
  TimePoint IterationTime() {
    if (!iteration_time_) iteration_time_ = Now();
    return *iteration_time_;
  }

  // Calls `callback` each time that the loop has slept for `max_wait` (> 0)
  // without an event, a timer or a wake-up, and within twice that time; a
  // signal that interrupts the wait does not begin it anew. An empty callback
  // ends that. Loop thread.
  void SetOnWaitTimeout(Duration max_wait, std::function<void()> callback);
  // Calls `callback` when the wait fails, once, before Run returns the error;
  // the tasks that are queued by then run after it. Loop thread.
  void SetOnWaitError(std::function<void(std::error_code)> callback);

  // `callback` is told what a callback, a task or a timer has thrown, in the
  // loop's thread; it must not throw. Without one a line goes to stderr. Loop
  // thread.
  void SetOnException(std::function<void(std::exception_ptr)> callback);
  // For who calls back others and has an end of its own for what they throw:
  // counts and tells the exception. REQUIRES: within a catch block. Loop
  // thread.
  void TellException() noexcept;

  // Dispatches `event` again in the next iteration, which does not sleep, after
  // the events collected there; unless its registration has ended. For a
  // consumer under edge triggering that stops before the descriptor is drained.
  // Loop thread.
  void Requeue(const Event& event);

  // Keeps the object alive, or the descriptor open, until the end of the
  // iteration. Loop thread.
  void ReleaseLater(std::shared_ptr<const void> object);
  void CloseLater(UniqueFd fd);

  bool IsInLoopThread() const { return tasks_->IsInLoopThread(); }
  // Aborts, in debug builds, with a message that names both threads.
  void AssertInLoopThread() const {
#ifndef NDEBUG
    if (!IsInLoopThread()) AbortNotInLoopThread();
#endif
  }

  const Backend& backend() const { return poller_->backend(); }
  // What kNative means here.
  Trigger trigger() const { return poller_->trigger(); }

  // Loop thread.
  BufferPool* buffers() { return &buffers_; }
  LoopCounters& counters() { return counters_; }
  // Those of the Poller and of the loop.
  std::vector<Counter> CounterList() const;

 private:
  friend class Channel;

  // Begins to load what dispatching the event will touch. The connections of a
  // busy loop do not stay in the nearer caches while the kernel works on the
  // others; this fetches the next one's meanwhile.
  void Prefetch(const Event& event) const;
  void Dispatch(Event event);
  void DispatchRequeued();
  void RunTasks();
  // Calls the function; tells what it throws.
  template <typename Function>
  void Guard(Function&& function) noexcept {
    try {
      function();
    } catch (...) {
      TellException();
    }
  }
  // Tells `callback` whenever the next `max_wait` has brought no event.
  void AwaitQuiet(Duration max_wait, std::function<void()> callback);
  void ReleaseGarbage();

  TimerId Added(TimerId id);
  // Sets the timerfd for the earliest deadline unless it is set for it.
  void ArmTimer();
  // The timerfd has fired.
  void OnTimer();
  void RunTimers();

  [[noreturn]] void AbortNotInLoopThread() const;

  // Constant after construction.
  const pid_t thread_number_;  // gettid(2), for messages
  const Clock& clock_;

  // Any thread.
  const std::shared_ptr<TaskQueue> tasks_ = std::make_shared<TaskQueue>();

  // Loop thread only.
  bool running_ = false;
  bool quit_ = false;
  const std::unique_ptr<Poller> poller_;
  LoopCounters counters_;
  BufferPool buffers_;
  TimerQueue timers_;
  std::optional<TimePoint> iteration_time_;
  std::optional<TimerId> quiet_timer_;  // of SetOnWaitTimeout
  std::function<void(std::error_code)> on_wait_error_;
  std::function<void(std::exception_ptr)> on_exception_;
  std::optional<TimePoint> armed_;  // what the timerfd is set for
  bool timers_due_ = false;         // it has fired
  std::vector<Event> requeued_;
  std::vector<Event> redispatching_;
  std::vector<std::shared_ptr<const void>> released_;
  std::vector<UniqueFd> closing_;

  const UniqueFd timer_fd_;
  Channel wake_channel_;
  Channel timer_channel_;
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_EVENT_LOOP_H_
