#ifndef POLYMUX_BENCH_LAB_USAGE_ERROR_H_
#define POLYMUX_BENCH_LAB_USAGE_ERROR_H_

#include <stdexcept>

namespace polymux::bench {

// The command line asks for something that does not exist or makes no sense;
// the message is for the person who typed it.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_USAGE_ERROR_H_
