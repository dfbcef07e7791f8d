#ifndef POLYMUX_REACTOR_JOB_H_
#define POLYMUX_REACTOR_JOB_H_

#include <memory>
#include <type_traits>
#include <utility>

namespace polymux {

// A piece of work for another thread: one allocation, whatever it captures,
// which may be something that cannot be copied.
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
  JobList(const JobList&) = delete;
  JobList& operator=(const JobList&) = delete;
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
