#ifndef POLYMUX_BENCH_LAB_PROCESS_H_
#define POLYMUX_BENCH_LAB_PROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "bench/lab/interrupt.h"
#include "bench/lab/output_tail.h"
#include "reactor/unique_fd.h"

namespace polymux::bench {

// How a process ended.
class ExitStatus {
 public:
  // `wait_status` is what waitpid stored.
  explicit ExitStatus(int wait_status) : wait_status_(wait_status) {}

  bool success() const { return wait_status_ == 0; }

  // "exited with status 1", "was killed by signal 9 (Killed)".
  std::string Describe() const;

 private:
  int wait_status_;
};

struct ProcessOptions {
  // The program, looked up in PATH when it has no slash, and its arguments.
  std::vector<std::string> command;
  // The process and all its threads run on these CPUs; empty: on any.
  std::vector<int> cpus = {};
  // Where it starts; empty: where this process is.
  std::filesystem::path directory = {};
  // Its stdout goes where its stderr goes, for output that nobody reads: a
  // full pipe would stop it.
  bool stdout_to_stderr = false;
  // Where its stack begins: so many bytes below that of any other program with
  // this number, see PaddedEnvironment.  Empty: as it comes.
  std::optional<std::size_t> padding = {};
  // A descriptor of a control group's list of members, which it enters if it
  // can; -1: it stays in ours.
  int cgroup_fd = -1;
};

// A path by which a child, or its child, runs this program again: the very
// file, though it may have been replaced or removed since.
std::string ThisProgram();

// A child process in a process group of its own, so that a Ctrl-C in the
// terminal reaches the lab alone.  It starts with an empty signal mask, stdin
// on /dev/null and none of our descriptors.  It does not outlive this object,
// nor (by PR_SET_PDEATHSIG) a lab that is killed; of its own children that
// last is true only if they end when it does.
//
// One thread.
class Process {
 public:
  // Starts it.  Throws std::system_error, also when the program cannot be
  // executed.
  explicit Process(const ProcessOptions& options);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  pid_t pid() const { return pid_; }

  // The next line of its stdout without the newline; what is left at the end
  // of the output counts as a line.  Empty at the deadline and after the last
  // line.  Throws Interrupted; std::runtime_error for more than 1 MiB.
  std::optional<std::string> ReadLine(Deadline deadline);

  // The rest of its stdout; empty if that has not ended by the deadline.
  // Throws Interrupted; std::runtime_error for more than 64 MiB.
  std::optional<std::string> ReadToEnd(Deadline deadline);

  // Waits for its end; empty if it still runs at the deadline.  Throws
  // Interrupted.
  std::optional<ExitStatus> WaitForExit(Deadline deadline);

  // Ends it and what is left of its process group and its descendants: SIGTERM,
  // and SIGKILL 2 s later.  Does nothing when it has ended by itself: what has
  // left the group then is not found.
  ExitStatus Stop();

  // The last lines of what it wrote to stderr, for a message: at most 2000
  // bytes.
  std::string ErrorOutput();

 private:
  // Takes more output into `buffer_`; false at the end of it or the deadline.
  bool ReadMore(Deadline deadline);
  // REQUIRES: it has ended.
  ExitStatus Reap();

  pid_t pid_ = -1;
  // Readable once it has ended.
  UniqueFd pid_fd_;
  UniqueFd stdout_;
  std::string buffer_;
  bool at_end_ = false;
  OutputTail stderr_;
  std::optional<ExitStatus> status_;
};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_PROCESS_H_
