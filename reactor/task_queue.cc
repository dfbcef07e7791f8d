#include "reactor/task_queue.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <system_error>
#include <utility>

#include "poller/poller.h"

namespace polymux {
namespace {

UniqueFd CreateEventFd() {
  UniqueFd fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!fd) throw std::system_error(LastSystemError(), "eventfd");
  return fd;
}

}  // namespace

TaskQueue::TaskQueue() : wake_fd_(CreateEventFd()) {}

void TaskQueue::Push(Task task, bool wake) {
  const MutexLock lock(mutex_);
  const bool was_empty = tasks_.empty();
  tasks_.push_back(std::move(task));
  pending_.store(true, std::memory_order_release);
  if (was_empty && wake) WakeLocked();
}

void TaskQueue::Wake() {
  const MutexLock lock(mutex_);
  WakeLocked();
}

void TaskQueue::WakeLocked() {
  const std::uint64_t one = 1;
  wakes_.fetch_add(1, std::memory_order_relaxed);
  // EAGAIN: the counter is at its maximum, so the loop is signalled already.
  [[maybe_unused]] const ssize_t count =
      ::write(wake_fd_.get(), &one, sizeof(one));
}

std::size_t TaskQueue::RunPending() {
  {
    const MutexLock lock(mutex_);
    running_.swap(tasks_);
    pending_.store(false, std::memory_order_relaxed);
  }
  for (Task& task : running_) {
    // Moved out, so that what it captured dies before the next one runs.
    const Task current = std::move(task);
    current();
  }
  const std::size_t count = running_.size();
  running_.clear();
  return count;
}

void TaskQueue::Acknowledge() {
  std::uint64_t count = 0;
  // EAGAIN: a spurious wake-up.
  [[maybe_unused]] const ssize_t result =
      ::read(wake_fd_.get(), &count, sizeof(count));
}

}  // namespace polymux
