#ifndef POLYMUX_REACTOR_TASK_QUEUE_H_
#define POLYMUX_REACTOR_TASK_QUEUE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>

#include "reactor/job.h"
#include "reactor/mutex.h"
#include "reactor/unique_fd.h"

namespace polymux {

// Tasks from any thread for the thread of one loop, and the eventfd that wakes
// that loop. A wake-up never blocks, is never lost, and many coalesce into one.
//
// Whoever may outlive the loop keeps the queue by a shared_ptr: what is posted
// after the loop's end is dropped.
class TaskQueue {
 public:
  // The calling thread is the loop's. Throws std::system_error when there is no
  // eventfd to be had.
  TaskQueue();

  // Appends a task; after Close it is destroyed instead, and the result is
  // false. Wakes the loop when the queue was empty, unless the caller is the
  // loop, which looks before it sleeps. Any thread.
  bool Push(std::unique_ptr<Job> task);
  template <typename Function>
  bool Post(Function&& function) {
    return Push(MakeJob(std::forward<Function>(function)));
  }

  // Whether there are tasks; no lock, for the loop to decide whether to sleep.
  bool pending() const { return pending_.load(std::memory_order_acquire); }

  // The tasks that are in the queue now. What they push, when they are run,
  // stays for the next call, so that a task that queues itself again cannot
  // starve anybody. Loop thread.
  JobList Take();

  // Destroys what is in the queue and takes no more. Loop thread.
  void Close();

  bool IsInLoopThread() const { return thread_ == std::this_thread::get_id(); }

  // Readable after a wake-up until Acknowledge, which reads it. Loop thread.
  int wake_fd() const { return wake_fd_.get(); }
  void Acknowledge();

  // eventfd writes so far. Any thread.
  std::uint64_t wakes() const { return wakes_.load(std::memory_order_relaxed); }

 private:
  // Writes to the eventfd. Under the lock, so that a thread that has made the
  // loop end is out of here before the loop, which takes the lock after it was
  // woken, destroys what may be the last reference.
  void Wake() POLYMUX_REQUIRES(mutex_);

  // Constant after construction.
  const std::thread::id thread_;
  const UniqueFd wake_fd_;

  std::atomic<bool> pending_{false};
  std::atomic<std::uint64_t> wakes_{0};
  Mutex mutex_;
  JobList tasks_ POLYMUX_GUARDED_BY(mutex_);
  bool closed_ POLYMUX_GUARDED_BY(mutex_) = false;
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_TASK_QUEUE_H_
