#include "bench/lab/console.h"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace polymux::bench {
namespace {

constexpr int kPatienceMs = 100;

// Whether stderr takes PIPE_BUF bytes without blocking, now or soon.
bool IsWritable() {
  pollfd watched{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  int ready = 0;
  do {
    ready = poll(&watched, 1, kPatienceMs);
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

}  // namespace

void TellUser(std::string_view text) {
  while (!text.empty() && IsWritable()) {
    const auto part =
        text.substr(0, std::min<std::size_t>(text.size(), PIPE_BUF));
    const ssize_t count = write(STDERR_FILENO, part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

void PrintResult(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

}  // namespace polymux::bench
