#ifndef POLYMUX_BENCH_VERBS_STRACE_LOG_H_
#define POLYMUX_BENCH_VERBS_STRACE_LOG_H_

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace polymux::bench {

// One system call as strace saw it.
struct SystemCall {
  int thread = 0;                     // the kernel's number of the thread
  std::chrono::nanoseconds start{0};  // since the epoch
  // Empty: it had not returned when the log ended.
  std::optional<std::chrono::nanoseconds> took = {};
  std::string name = {};
  std::string arguments = {};  // between the parentheses
  std::string result = {};     // "9", "-1 EAGAIN (...)"; empty without `took`

  // The `index`th argument, from 0; empty if there are fewer.  What stands
  // within brackets, braces or quotes is one argument.
  std::string_view Argument(std::size_t index) const;

  // The number at the front of an argument or of the result.
  std::optional<int> NumberAt(std::size_t index) const;
  std::optional<int> ResultNumber() const;

  bool Failed(std::string_view error) const;
};

// What `strace -f -a 1 --absolute-timestamps=format:unix,precision:ns
// --syscall-times=ns -o FILE` writes, ordered by start; the two halves of a
// call during which another thread called are joined.  Skips lines that are no
// call (signals, ends of threads) and a line that is not complete.
std::vector<SystemCall> ParseStraceLog(std::string_view text);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_VERBS_STRACE_LOG_H_
