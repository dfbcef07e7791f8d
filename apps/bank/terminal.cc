#include "apps/bank/terminal.h"

#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <iostream>
#include <stdexcept>
#include <system_error>

namespace polymux {
namespace {

class EchoOff {
 public:
  EchoOff() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) {
      throw std::runtime_error("the terminal cannot be asked for its mode");
    }
    termios mute = before_;
    mute.c_lflag &= ~static_cast<tcflag_t>(ECHO | ISIG);
    // With what has been typed so far dropped: it has been shown.
    if (::tcsetattr(STDIN_FILENO, TCSAFLUSH, &mute) != 0) {
      throw std::runtime_error("the terminal's echo cannot be turned off");
    }
  }
  ~EchoOff() { ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_); }
  EchoOff(const EchoOff&) = delete;
  EchoOff& operator=(const EchoOff&) = delete;

 private:
  termios before_{};
};

}  // namespace

Terminal::Terminal() : interactive_(::isatty(STDIN_FILENO) == 1) {}

std::optional<std::string> Terminal::ReadLine(const std::string& prompt) const {
  if (interactive_) std::cout << prompt << std::flush;
  std::string line;
  errno = 0;
  if (std::getline(std::cin, line)) return line;
  // The stream takes an error for the end; stdio, below it, remembers.
  if (std::ferror(stdin) != 0) {
    throw std::runtime_error("standard input: " +
                             std::generic_category().message(errno));
  }
  return std::nullopt;
}

std::optional<std::string> Terminal::ReadPassword(
    const std::string& prompt) const {
  if (!interactive_) return ReadLine(prompt);
  const EchoOff echo_off;
  std::optional<std::string> line = ReadLine(prompt);
  // The user's own line end was not shown either.
  std::cout << '\n';
  return line;
}

}  // namespace polymux
