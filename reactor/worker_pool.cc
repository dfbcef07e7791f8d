#include "reactor/worker_pool.h"

#include <algorithm>
#include <string>

#include "poller/check.h"
#include "reactor/named_thread.h"

namespace polymux {

WorkerPool::WorkerPool(Options options) : options_(std::move(options)) {
  try {
    for (int i = 0; i < options_.threads; ++i) {
      threads_.push_back(
          StartThread("work-" + std::to_string(i), [this] { Work(); }));
    }
  } catch (...) {
    Join();
    throw;
  }
}

WorkerPool::~WorkerPool() { Join(); }

void WorkerPool::Stop() {
  const MutexLock lock(mutex_);
  stopped_ = true;
  // Under the lock: a worker that has just looked at the flag is asleep by now.
  work_.NotifyAll();
}

void WorkerPool::Join() {
  Stop();
  for (std::thread& thread : threads_) {
    POLYMUX_CHECK(thread.get_id() != std::this_thread::get_id(),
                  "a job joins its own worker pool");
    thread.join();
  }
  threads_.clear();
}

std::size_t WorkerPool::queued() const {
  const MutexLock lock(mutex_);
  return queued_;
}

WorkerPool::Counters WorkerPool::counters() const {
  const MutexLock lock(mutex_);
  return counters_;
}

Offered WorkerPool::Offer(const StrandRef& strand, std::unique_ptr<Job> job) {
  const MutexLock lock(mutex_);
  if (stopped_) {
    ++counters_.refused;
    return Offered::kRefused;
  }
  strand->jobs.Push(std::move(job));
  ++queued_;
  if (!strand->scheduled) {
    strand->scheduled = true;
    ready_.push_back(strand);
    if (idle_ > 0) work_.NotifyOne();
  }
  if (queued_ < options_.max_jobs) return Offered::kTaken;
  if (!strand->waiting) {
    strand->waiting = true;
    ++counters_.full;
  }
  return Offered::kTakenFull;
}

bool WorkerPool::HasRoom(const StrandState& strand) const {
  // A strand whose producer waits has a job in the queue: it comes by here.
  return strand.jobs.empty() || queued_ <= options_.max_jobs / 2;
}

void WorkerPool::Work() {
  StrandRef strand;
  bool has_room = false;
  while (const std::unique_ptr<Job> job = Next(&strand, &has_room)) {
    if (has_room && strand->on_room) strand->on_room();
    RunOne(*job);
  }
}

void WorkerPool::RunOne(Job& job) {
  try {
    job.Run();
  } catch (...) {
    {
      const MutexLock lock(mutex_);
      ++counters_.thrown;
    }
    options_.on_exception(std::current_exception());
  }
}

std::unique_ptr<Job> WorkerPool::Next(StrandRef* strand, bool* has_room) {
  StrandRef done = std::move(*strand);
  const MutexLock lock(mutex_);
  if (done) {
    ++counters_.run;
    done->scheduled = !done->jobs.empty();
    if (done->scheduled) ready_.push_back(std::move(done));
  }
  while (ready_.empty()) {
    if (done) {
      // Perhaps the last reference: not kept while asleep, and not given up
      // under the lock, for what on_room has captured goes with it.
      mutex_.Unlock();
      done.reset();
      mutex_.Lock();
      continue;
    }
    if (stopped_) return nullptr;
    ++idle_;
    work_.Wait(mutex_);
    --idle_;
  }
  *strand = std::move(ready_.front());
  ready_.pop_front();
  --queued_;
  StrandState& state = **strand;
  std::unique_ptr<Job> job = state.jobs.Pop();
  *has_room = state.waiting && HasRoom(state);
  if (*has_room) state.waiting = false;
  return job;
}

}  // namespace polymux
