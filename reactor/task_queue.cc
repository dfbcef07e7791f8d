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

TaskQueue::TaskQueue()
    : thread_(std::this_thread::get_id()), wake_fd_(CreateEventFd()) {}

bool TaskQueue::Push(std::unique_ptr<Job> task) {
  const MutexLock lock(mutex_);
  if (closed_) return false;
  const bool was_empty = tasks_.empty();
  tasks_.Push(std::move(task));
  pending_.store(true, std::memory_order_release);
  if (was_empty && !IsInLoopThread()) Wake();
  return true;
}

void TaskQueue::Wake() {
  const std::uint64_t one = 1;
  wakes_.fetch_add(1, std::memory_order_relaxed);
  // EAGAIN: the counter is at its maximum, so the loop is signalled already.
  [[maybe_unused]] const ssize_t count =
      ::write(wake_fd_.get(), &one, sizeof(one));
}

JobList TaskQueue::Take() {
  const MutexLock lock(mutex_);
  pending_.store(false, std::memory_order_relaxed);
  return std::move(tasks_);
}

void TaskQueue::Close() {
  {
    const MutexLock lock(mutex_);
    closed_ = true;
  }
  // Without the lock, for what a task has captured may post when it goes.
  Take();
}

void TaskQueue::Acknowledge() {
  std::uint64_t count = 0;
  // EAGAIN: a spurious wake-up.
  [[maybe_unused]] const ssize_t result =
      ::read(wake_fd_.get(), &count, sizeof(count));
}

}  // namespace polymux
