#ifndef POLYMUX_BENCH_LAB_OUTPUT_TAIL_H_
#define POLYMUX_BENCH_LAB_OUTPUT_TAIL_H_

#include <cstddef>
#include <string>
#include <thread>

#include "reactor/mutex.h"
#include "reactor/unique_fd.h"

namespace polymux::bench {

// A pipe for what a program says that nobody reads: it is taken in at once, so
// that the program is never stopped by it, and its end is kept.
class OutputTail {
 public:
  // Keeps `limit` bytes.  Throws std::system_error.
  explicit OutputTail(std::size_t limit);
  OutputTail(const OutputTail&) = delete;
  OutputTail& operator=(const OutputTail&) = delete;
  ~OutputTail();

  // What the program is to have as its output.
  int write_fd() const { return write_end_.get(); }

  // The last bytes of all that has been written before the call.
  std::string Contents();

 private:
  // In the thread.
  void TakeAll();
  // False when there is nothing more now.
  bool TakeSome() POLYMUX_REQUIRES(mutex_);

  const std::size_t limit_;
  UniqueFd read_end_;
  UniqueFd write_end_;
  UniqueFd stop_;  // an eventfd
  Mutex mutex_;
  std::string tail_ POLYMUX_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_OUTPUT_TAIL_H_
