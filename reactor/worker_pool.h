#ifndef POLYMUX_REACTOR_WORKER_POOL_H_
#define POLYMUX_REACTOR_WORKER_POOL_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "reactor/job.h"
#include "reactor/mutex.h"

namespace polymux {

// What became of a job that was offered.
enum class Offered {
  kTaken,
  // Taken as well, but the queue is at its bound: the producer shall offer no
  // more until it is told that there is room.
  kTakenFull,
  kRefused,  // the pool has been stopped; the job is destroyed without running
};

// Threads that compute, so that the threads of the loops need not. Jobs come by
// way of strands, below.
//
// The queue is bounded and yet drops nothing: a producer learns from each Offer
// whether the bound is reached, and from its strand's on_room when it may offer
// again: when half of the queue is free or, earlier, when none of its own jobs
// is left in it. So at most max_jobs are queued, and one more for each producer
// that stops when told to; and who fills the queue keeps nobody else from being
// served in turn.
//
// Thread: any, unless said otherwise.
class WorkerPool {
 public:
  struct Options {
    int threads = 1;  // at least one; "work-0", "work-1", ... in ps
    std::size_t max_jobs = 10'000;
    // Told, in the worker, what a job has thrown. The worker goes on with the
    // next job. Must not be empty and must not throw.
    std::function<void(std::exception_ptr)> on_exception;
  };
  struct Counters {
    std::uint64_t run = 0;
    std::uint64_t thrown = 0;   // of those
    std::uint64_t refused = 0;  // offered after Stop
    std::uint64_t full = 0;     // producers that were told to wait
  };

  // Throws std::system_error when there is no thread to be had.
  explicit WorkerPool(Options options);
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  // Joins. REQUIRES: no call of Offer is in progress.
  ~WorkerPool();

  // Refuses jobs from now on; those that were taken run. Does not wait, and
  // may therefore be called by a job.
  void Stop();

  // Stops, and returns when every job has run and every thread has ended.
  // REQUIRES: called by one thread at a time, which is no worker.
  void Join();

  // Jobs that have been taken and not begun.
  std::size_t queued() const;
  Counters counters() const;

 private:
  friend class Strand;

  // Guarded by the pool's mutex, but for on_room, which is constant.
  struct StrandState {
    JobList jobs;
    bool scheduled = false;  // in ready_, or one of its jobs is running
    bool waiting = false;    // its producer is to be told of room
    std::function<void()> on_room;
  };
  using StrandRef = std::shared_ptr<StrandState>;

  Offered Offer(const StrandRef& strand, std::unique_ptr<Job> job);
  // Whether a producer that waits may go on.
  bool HasRoom(const StrandState& strand) const POLYMUX_REQUIRES(mutex_);
  // The body of each thread.
  void Work();
  void RunOne(Job& job);
  // Puts `strand`, whose job has run, in line for its next one, then waits for
  // the next strand in line and takes its job. Empty when all has been done.
  // `has_room`: the strand's producer is to be told.
  std::unique_ptr<Job> Next(StrandRef* strand, bool* has_room);

  const Options options_;
  mutable Mutex mutex_;
  ConditionVariable work_;  // notified for each strand that becomes ready
  std::deque<StrandRef> ready_ POLYMUX_GUARDED_BY(mutex_);
  std::size_t queued_ POLYMUX_GUARDED_BY(mutex_) = 0;
  int idle_ POLYMUX_GUARDED_BY(mutex_) = 0;  // threads in Wait
  bool stopped_ POLYMUX_GUARDED_BY(mutex_) = false;
  Counters counters_ POLYMUX_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;  // constructor and Join only
};

// A serial executor: its jobs run in the order of their Offer, one at a time,
// each on whatever worker is free, and what one has written the next one sees.
// Strands take turns job by job, so that one with many jobs or slow ones does
// not hold up another as long as there is a worker left.
//
// Destroying a strand discards nothing: its jobs still run.
class Strand {
 public:
  // `on_room`, which may be empty, is called by a worker after an Offer that
  // returned kTakenFull, once for each time it was told so, when there is room
  // for it; also after the strand has been destroyed. It must not throw. The
  // pool must outlive the strand.
  explicit Strand(WorkerPool* pool, std::function<void()> on_room = nullptr)
      : pool_(pool), state_(std::make_shared<WorkerPool::StrandState>()) {
    state_->on_room = std::move(on_room);
  }

  // Never waits. Any thread; the order is that of the calls.
  template <typename Function>
  Offered Offer(Function&& job) {
    return pool_->Offer(state_, MakeJob(std::forward<Function>(job)));
  }

 private:
  WorkerPool* const pool_;
  const WorkerPool::StrandRef state_;
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_WORKER_POOL_H_
