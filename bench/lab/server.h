#ifndef POLYMUX_BENCH_LAB_SERVER_H_
#define POLYMUX_BENCH_LAB_SERVER_H_

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "bench/lab/arm.h"
#include "bench/lab/cgroup.h"
#include "bench/lab/memory_file.h"
#include "bench/lab/orphans.h"
#include "bench/lab/process.h"
#include "bench/lab/snapshots.h"

namespace polymux::bench {

struct ServerOptions {
  int reactors = 1;
  // Whether it sends to all what one sends. REQUIRES: the arm is_polymux().
  bool fan_out = false;
  // The CPUs it is pinned to; empty: none.
  std::vector<int> cpus = {};
  // Where foreign commands start and relative paths of servers begin; empty:
  // here.
  std::filesystem::path directory = {};
  // The `polymux` to run for backends and peers.
  std::string polymux = ThisProgram();
  // What stands before the server's command line and runs it, such as a tracer
  // with its flags; empty: nothing.  pid() is then that program's.
  std::vector<std::string> launcher = {};
  // Where its stack begins: ProcessOptions::padding.
  std::optional<std::size_t> padding = {};
};

// The running server process of one trial.
class Server {
 public:
  // Starts the server of `arm` and returns when it accepts connections.
  // Throws std::runtime_error if that does not happen within 10 s, with what
  // the server wrote to stderr; Interrupted.
  Server(const Arm& arm, const ServerOptions& options);

  // Where it listens, "127.0.0.1:4711".
  const std::string& address() const { return address_; }

  // The backend that it says it uses; empty when it does not say.
  const std::string& backend() const { return backend_; }

  // The process that was started, of which all others of the server descend.
  pid_t pid() const { return process_.pid(); }

  // The directory of the control group that holds its processes.  Empty: there
  // is none, or one of them has left it.
  std::filesystem::path cgroup() const;

  // Waits up to `within` for its end.  Empty if it still runs; else how it
  // ended, with what it wrote to stderr.  Throws Interrupted.
  std::optional<std::string> HowItDied(std::chrono::nanoseconds within);

  // Ends it.  Returns its report, which only servers of ours have.  Throws
  // std::runtime_error if it does not end well, its port still accepts or its
  // report is unreadable; Interrupted.
  std::optional<ServerReport> Stop();

 private:
  void AwaitAnnouncement();
  void AwaitConnection();
  // Throws std::runtime_error if the port of a foreign command, which has been
  // ended, goes on accepting; Interrupted.
  void AwaitRefusal() const;
  std::string WithErrorOutput(const std::string& message);

  const Arm arm_;
  MemoryFile statistics_{"statistics"};
  // Chosen by us for a foreign command; else 0, and the server chooses.
  const std::uint16_t port_;
  std::string address_;
  std::string backend_;
  const std::optional<Cgroup> cgroup_ = Cgroup::Make();
  const OrphansEnd orphans_end_;  // after the process has
  Process process_;
};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_SERVER_H_
