#ifndef POLYMUX_REACTOR_JOB_H_
#define POLYMUX_REACTOR_JOB_H_

#include <memory>
#include <type_traits>
#include <utility>

namespace polymux {

// Something to be run once, elsewhere or later: a task of a loop, a job of a
// worker. One allocation, whatever it captures, which may be something that
// cannot be copied.
class Job {
 public:
  Job() = default;
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
  virtual ~Job() = default;

  virtual void Run() = 0;

 private:
  friend class JobList;

  Job* next_ = nullptr;  // owned by the list
};

template <typename Function>
std::unique_ptr<Job> MakeJob(Function&& function) {
  class FunctionJob final : public Job {
   public:
    explicit FunctionJob(Function&& function)
        : function_(std::forward<Function>(function)) {}
    void Run() override { function_(); }

   private:
    std::decay_t<Function> function_;
  };
  return std::make_unique<FunctionJob>(std::forward<Function>(function));
}

// Jobs in the order in which they came; links them without memory of its own.
class JobList {
 public:
  JobList() = default;
  JobList(JobList&& other) noexcept
      : first_(std::exchange(other.first_, nullptr)), last_(other.last_) {}
  JobList& operator=(JobList&&) = delete;
  ~JobList() {
    while (!empty()) Pop();
  }

  bool empty() const { return first_ == nullptr; }

  void Push(std::unique_ptr<Job> job) {
    Job* const added = job.release();
    (empty() ? first_ : last_->next_) = added;
    last_ = added;
  }

  // REQUIRES: not empty.
  std::unique_ptr<Job> Pop() {
    std::unique_ptr<Job> job(first_);
    first_ = std::exchange(job->next_, nullptr);
    return job;
  }

 private:
  Job* first_ = nullptr;
  Job* last_ = nullptr;  // while not empty
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_JOB_H_
