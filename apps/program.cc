#include "apps/program.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>
#include <system_error>

namespace polymux {
namespace {

constexpr int kRunTimeError = 1;

// Each in the direction that is of no use, so that use is an error.
void OpenStandardStreams() {
  for (int fd = 0; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) != -1) continue;
    ::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

// Needs no memory, and does not wait long for a reader who has stopped reading:
// a pipe that poll(2) calls writable takes this much.
void Tell(const char* what, const char* cause) {
  std::array<char, PIPE_BUF> text{};
  const int size = std::snprintf(text.data(), text.size(), "%s: %s%s\n",
                                 ::program_invocation_short_name, what, cause);
  if (size <= 0) return;
  constexpr int kPatienceMs = 100;
  pollfd ready{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  if (::poll(&ready, 1, kPatienceMs) != 1) return;
  const std::size_t length =
      std::min(static_cast<std::size_t>(size), text.size() - 1);
  [[maybe_unused]] const ssize_t written =
      ::write(STDERR_FILENO, text.data(), length);
}

// The errno with which output was lost, zero when none was. The streams keep
// none for what failed earlier: one more byte, which is no loss to an output
// that has a hole, asks for it again.
int LostOutput() {
  const bool flushed = std::fflush(stdout) == 0;
  const int error = errno;
  if (!flushed) return error;
  if (std::ferror(stdout) == 0) return 0;
  return ::write(STDOUT_FILENO, "\n", 1) == -1 ? errno : EIO;
}

}  // namespace

int RunProgram(int argc, char** argv, int (*work)(int argc, char** argv)) {
  OpenStandardStreams();
  ::signal(SIGXFSZ, SIG_IGN);
  int exit_code = kRunTimeError;
  try {
    exit_code = work(argc, argv);
  } catch (const std::bad_alloc&) {
    Tell("out of memory", "");
  } catch (const std::length_error&) {  // more than there could ever be
    Tell("out of memory", "");
  } catch (const std::exception& error) {
    Tell(error.what(), "");
  }
  const int lost = LostOutput();
  if (lost == 0) return exit_code;
  Tell("cannot write to stdout: ", std::strerror(lost));
  return exit_code == 0 ? kRunTimeError : exit_code;
}

void Announce(std::string_view line) {
  const int size = static_cast<int>(line.size());
  if (std::printf("%.*s\n", size, line.data()) < 0 ||
      std::fflush(stdout) != 0) {
    const std::error_code error(errno, std::system_category());
    std::clearerr(stdout);  // told by this exception
    throw std::system_error(error, "cannot write to stdout");
  }
}

}  // namespace polymux
