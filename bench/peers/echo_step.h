#ifndef POLYMUX_BENCH_PEERS_ECHO_STEP_H_
#define POLYMUX_BENCH_PEERS_ECHO_STEP_H_

#include <array>
#include <string>
#include <unordered_map>

namespace polymux::bench {

// What the hand-written loops do with a ready connection: one recv and one send
// for all that has come.  A connection whose output the kernel did not take is
// to be watched for writing alone, so it reads no more (and sees no end of
// stream) until all of it is sent.
class EchoStep {
 public:
  // What the connection is to be watched for from now on.
  enum class Next { kUnchanged, kRead, kWrite, kClosed };

  // REQUIRES: `fd` is ready for what it was to be watched for.  At kClosed it
  // has been closed.
  Next OnReady(int fd);

 private:
  Next Echo(int fd);
  Next Flush(int fd, std::string* unsent);
  Next Close(int fd);

  std::unordered_map<int, std::string> unsent_;  // by descriptor
  std::array<char, 65536> buffer_;
};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_PEERS_ECHO_STEP_H_
