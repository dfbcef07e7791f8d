#ifndef POLYMUX_BENCH_VERBS_NARRATOR_H_
#define POLYMUX_BENCH_VERBS_NARRATOR_H_

#include <map>
#include <string>

#include "bench/verbs/strace_log.h"

namespace polymux::bench {

// Says in a sentence what a system call of a server is for.  Learns from the
// calls before what each descriptor is and what each thread is called.
class Narrator {
 public:
  // To be told of every call, in order, from the start of the server; a call
  // may be explained before it is told of.
  void Observe(const SystemCall& call);

  // Never empty.
  std::string Explain(const SystemCall& call) const;

  // "main" for the first thread seen, else the name that it gave itself, or
  // "thread-N".
  std::string ThreadName(int thread) const;

  // "fd 9 (the connection)"; "fd 9" if nothing is known of it.
  std::string DescribeDescriptor(int fd) const;

 private:
  bool Is(int fd, const char* role) const;
  std::string ReadyList(const SystemCall& call) const;
  std::string ExplainAccept(const SystemCall& call) const;
  std::string ExplainControl(const SystemCall& call) const;
  std::string ExplainWait(const SystemCall& call) const;
  std::string ExplainRing(const SystemCall& call) const;
  std::string ExplainRead(const SystemCall& call) const;
  std::string ExplainWrite(const SystemCall& call) const;
  std::string ExplainFutex(const SystemCall& call) const;
  std::string ExplainOther(const SystemCall& call) const;

  std::map<int, std::string> roles_;    // by descriptor
  std::map<int, std::string> threads_;  // by the kernel's number
};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_VERBS_NARRATOR_H_
