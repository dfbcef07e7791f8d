#ifndef POLYMUX_APPS_BANK_TERMINAL_H_
#define POLYMUX_APPS_BANK_TERMINAL_H_

#include <optional>
#include <string>

namespace polymux {

// Lines from standard input. A prompt is shown only when a person is there to
// read it.
class Terminal {
 public:
  Terminal();

  // Whether standard input is a terminal.
  bool interactive() const { return interactive_; }

  // The next line; empty at the end of the input. Throws std::runtime_error
  // when it cannot be read.
  std::optional<std::string> ReadLine(const std::string& prompt) const;

  // The same, not shown while it is typed. Signals from the keyboard are off
  // meanwhile: one that ended the program would leave the terminal mute.
  std::optional<std::string> ReadPassword(const std::string& prompt) const;

 private:
  const bool interactive_;
};

}  // namespace polymux

#endif  // POLYMUX_APPS_BANK_TERMINAL_H_
