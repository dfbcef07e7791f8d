#include "bench/lab/memory_file.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <system_error>

namespace polymux::bench {
namespace {

// The child is not to fill our memory.
constexpr std::size_t kLimit = std::size_t{64} << 20;

}  // namespace

MemoryFile::MemoryFile(const char* name)
    : fd_(memfd_create(name, MFD_CLOEXEC)) {
  if (!fd_) {
    throw std::system_error(errno, std::generic_category(), "memfd_create");
  }
}

std::string MemoryFile::path() const {
  return fmt::format("/proc/{}/fd/{}", getpid(), fd());
}

std::string MemoryFile::Contents() const {
  std::string contents;
  struct stat status {};
  if (fstat(fd(), &status) != 0) return contents;
  contents.resize(std::min(kLimit, static_cast<std::size_t>(status.st_size)));
  const ssize_t count = pread(fd(), contents.data(), contents.size(), 0);
  contents.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
  return contents;
}

}  // namespace polymux::bench
