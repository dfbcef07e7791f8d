#ifndef POLYMUX_BENCH_LOAD_STOP_SIGNALS_H_
#define POLYMUX_BENCH_LOAD_STOP_SIGNALS_H_

#include "reactor/unique_fd.h"

namespace polymux::bench {

// SIGINT and SIGTERM as a descriptor. To be made before any other thread, which
// inherits that they are blocked; they stay so afterwards.
class StopSignals {
 public:
  // Throws std::system_error.
  StopSignals();

  // Readable once one of them has come; never read by others.
  int fd() const { return fd_.get(); }

  // Forgets the one that has come and lets the next one end the process.
  void Release();

 private:
  UniqueFd fd_;
};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_STOP_SIGNALS_H_
