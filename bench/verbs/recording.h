#ifndef POLYMUX_BENCH_VERBS_RECORDING_H_
#define POLYMUX_BENCH_VERBS_RECORDING_H_

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "bench/lab/arm.h"
#include "bench/lab/snapshots.h"
#include "bench/verbs/strace_log.h"

namespace polymux::bench {

// What the only client of a traced server did, and when.
struct ClientStep {
  std::chrono::nanoseconds time{0};  // since the epoch
  std::string text;                  // "connects"
};

// The system calls of a server while it served one connection.
struct Recording {
  std::vector<SystemCall> calls;  // from the start of the process to its end
  std::vector<ClientStep> steps;
  // What happened from here on is not of the client's making.
  std::chrono::nanoseconds end{0};  // since the epoch
  // What the server counted meanwhile; only servers of ours do.
  std::optional<CounterWindow> counters = {};
};

struct RecordOptions {
  Arm arm;
  int reactors = 0;
  int messages = 1;
};

// Starts the server under strace, connects, sends so many messages one after
// the other, each when the server has come to rest, and stops the server.
// Leaves no process behind.  Throws std::runtime_error with a message for the
// user, also when strace is missing or tracing is forbidden; Interrupted.
Recording Record(const RecordOptions& options);

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_VERBS_RECORDING_H_
