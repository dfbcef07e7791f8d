#ifndef POLYMUX_REACTOR_MUTEX_H_
#define POLYMUX_REACTOR_MUTEX_H_

#include <condition_variable>
#include <mutex>

// Thread safety annotations, checked by clang (-Wthread-safety) and nothing
// elsewhere; https://clang.llvm.org/docs/ThreadSafetyAnalysis.html.
#ifdef __clang__
#define POLYMUX_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define POLYMUX_THREAD_ATTRIBUTE(x)
#endif

// The member may be touched only with the mutex held.
#define POLYMUX_GUARDED_BY(x) POLYMUX_THREAD_ATTRIBUTE(guarded_by(x))

// The function may be called only with the mutex held.
#define POLYMUX_REQUIRES(x) POLYMUX_THREAD_ATTRIBUTE(requires_capability(x))

namespace polymux {

// std::mutex with the annotations that libstdc++ lacks.
class POLYMUX_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  void Lock() POLYMUX_THREAD_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
  void Unlock() POLYMUX_THREAD_ATTRIBUTE(release_capability()) {
    mutex_.unlock();
  }

 private:
  friend class ConditionVariable;

  std::mutex mutex_;
};

class POLYMUX_THREAD_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex)
      POLYMUX_THREAD_ATTRIBUTE(acquire_capability(mutex))
      : mutex_(mutex) {
    mutex_.Lock();
  }
  ~MutexLock() POLYMUX_THREAD_ATTRIBUTE(release_capability()) {
    mutex_.Unlock();
  }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// std::condition_variable for that mutex.
class ConditionVariable {
 public:
  // Gives the mutex up until notified, or spuriously: the caller looks again.
  void Wait(Mutex& mutex) POLYMUX_REQUIRES(mutex) {
    std::unique_lock<std::mutex> held(mutex.mutex_, std::adopt_lock);
    variable_.wait(held);
    held.release();
  }
  void NotifyOne() { variable_.notify_one(); }
  void NotifyAll() { variable_.notify_all(); }

 private:
  std::condition_variable variable_;
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_MUTEX_H_
