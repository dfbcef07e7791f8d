#ifndef POLYMUX_REACTOR_TASK_QUEUE_H_
#define POLYMUX_REACTOR_TASK_QUEUE_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "reactor/mutex.h"
#include "reactor/unique_fd.h"

namespace polymux {

using Task = std::function<void()>;

// Tasks from any thread for the thread of one loop, and the eventfd that wakes
// that loop. A wake-up never blocks, is never lost, and many coalesce into one.
class TaskQueue {
 public:
  // Throws std::system_error when there is no eventfd to be had.
  TaskQueue();

  // Appends a task. Wakes the loop when the queue was empty and `wake` is true;
  // without it the caller must be the loop, which looks before it sleeps. Any
  // thread.
  void Push(Task task, bool wake);

  // Makes the eventfd readable. Any thread.
  void Wake();

  // Whether there are tasks; no lock, for the loop to decide whether to sleep.
  bool pending() const { return pending_.load(std::memory_order_acquire); }

  // Runs the tasks that are in the queue now, outside the lock; what they push
  // stays for the next call, so that a task that queues itself again cannot
  // starve anybody. Returns how many ran. Loop thread only.
  std::size_t RunPending();

  // Readable after a wake-up until Acknowledge, which reads it. Loop thread.
  int wake_fd() const { return wake_fd_.get(); }
  void Acknowledge();

  // eventfd writes so far. Any thread.
  std::uint64_t wakes() const { return wakes_.load(std::memory_order_relaxed); }

 private:
  // Writes to the eventfd. Under the lock, so that a thread that has made the
  // loop end is out of here before the loop destroys the queue: the loop takes
  // the lock after it was woken.
  void WakeLocked();

  const UniqueFd wake_fd_;
  std::atomic<bool> pending_{false};
  std::atomic<std::uint64_t> wakes_{0};
  Mutex mutex_;
  std::vector<Task> tasks_ POLYMUX_GUARDED_BY(mutex_);
  std::vector<Task> running_;  // loop thread only; keeps its capacity
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_TASK_QUEUE_H_
