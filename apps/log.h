#ifndef POLYMUX_APPS_LOG_H_
#define POLYMUX_APPS_LOG_H_

#include <cstddef>
#include <memory>
#include <string>

namespace polymux {

// The log of a program: while this lives, what spdlog's functions are given
// appears on standard error, written by a thread of its own, "log". No other
// thread waits for it, be standard error a pipe that nobody reads, a terminal
// that is stopped or a full disk.
//
// What is logged is one line of readable text each time, whatever names and
// words of others are in it (PrintableLine).
//
// kMaxLines wait to be written. Then the oldest go, and so do lines whose write
// fails; how many there were is told in the log, where they are missing, as
// soon as a line can be written again.
//
// One at a time. Thread: main's, which has blocked its signals by then.
class Log {
 public:
  static constexpr std::size_t kMaxLines = 1024;

  // `name` stands in each line. Throws std::system_error or spdlog_ex when
  // there is no thread to be had.
  explicit Log(const std::string& name);
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  // Waits until all lines are written, but no longer than 100 ms; what is
  // logged later is dropped.
  ~Log();

 private:
  struct Writer;

  // Left to itself by the destructor when it does not end.
  std::unique_ptr<Writer> writer_;
};

}  // namespace polymux

#endif  // POLYMUX_APPS_LOG_H_
