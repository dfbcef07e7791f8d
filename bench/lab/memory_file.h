#ifndef POLYMUX_BENCH_LAB_MEMORY_FILE_H_
#define POLYMUX_BENCH_LAB_MEMORY_FILE_H_

#include <string>

#include "reactor/unique_fd.h"

namespace polymux::bench {

// A file in memory that a child process writes and the lab reads: nothing to
// clean up, however either of them ends.
class MemoryFile {
 public:
  // `name` is what /proc shows.  Throws std::system_error.
  explicit MemoryFile(const char* name);

  int fd() const { return fd_.get(); }

  // A path under which another process of this user can open it as long as
  // this object lives.
  std::string path() const;

  // All that has been written so far; its first 64 MiB.
  std::string Contents() const;

 private:
  UniqueFd fd_;
};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LAB_MEMORY_FILE_H_
