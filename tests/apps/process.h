#ifndef POLYMUX_TESTS_APPS_PROCESS_H_
#define POLYMUX_TESTS_APPS_PROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "reactor/unique_fd.h"

namespace polymux {

// A child process, with its standard output in a pipe and its standard error in
// a file. Killed by the destructor if it still runs.
class Process {
 public:
  // `arguments[0]` is the program, looked up in PATH unless it has a slash.
  explicit Process(const std::vector<std::string>& arguments);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  pid_t pid() const { return pid_; }

  // The next line of standard output without its end, or what there is before
  // the end of the output. Throws std::runtime_error when that takes too long.
  std::string ReadLine();
  // All of the rest.
  std::string ReadToEnd();
  // What has been written to standard error so far.
  std::string Errors() const;

  void Signal(int signal) const;

  // Waits for the end: the exit code, or 128 + the number of the signal that
  // ended it, like a shell. Throws std::runtime_error when that takes too long.
  int Wait();

  // CPU time of all its threads so far.
  std::chrono::nanoseconds CpuTime() const;

 private:
  // Appends to buffered_; false at the end of the output.
  bool ReadSome();

  UniqueFd out_;
  UniqueFd err_;
  pid_t pid_ = -1;
  std::optional<int> exit_code_;
  std::string buffered_;
};

// A named pipe that is full and that nobody reads: a write waits for ever.
class StuckPipe {
 public:
  StuckPipe();
  StuckPipe(const StuckPipe&) = delete;
  StuckPipe& operator=(const StuckPipe&) = delete;
  ~StuckPipe();

  // A command that runs `arguments` with this as standard error.
  std::vector<std::string> Command(
      const std::vector<std::string>& arguments) const;

 private:
  const std::string path_;
  UniqueFd fd_;
};

}  // namespace polymux

#endif  // POLYMUX_TESTS_APPS_PROCESS_H_
