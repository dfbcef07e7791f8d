#include "bench/lab/text_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <system_error>

#include "reactor/unique_fd.h"

namespace polymux::bench {

// Not by a stream: what it throws for a directory names no file.
std::string ReadTextFile(const std::filesystem::path& path) {
  const auto check = [&path](ssize_t result) {
    if (result >= 0) return static_cast<std::size_t>(result);
    throw std::system_error(errno, std::generic_category(), path.string());
  };
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  check(file.get());
  std::string text;
  std::array<char, 65'536> chunk;
  while (const std::size_t count =
             check(read(file.get(), chunk.data(), chunk.size()))) {
    text.append(chunk.data(), count);
  }
  return text;
}

}  // namespace polymux::bench
