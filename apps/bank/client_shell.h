#ifndef POLYMUX_APPS_BANK_CLIENT_SHELL_H_
#define POLYMUX_APPS_BANK_CLIENT_SHELL_H_

#include <string>
#include <vector>

#include "apps/bank/client_link.h"
#include "apps/bank/protocol.h"
#include "apps/bank/terminal.h"

namespace polymux {

// The commands of bank_client: one on each line of the terminal's input.
class ClientShell {
 public:
  // Exit codes, besides 0.
  static constexpr int kNoBank = 1;  // no connection, or it was lost
  static constexpr int kWrongUsage = 2;
  static constexpr int kRefused = 3;
  static constexpr int kUnknown = 4;  // whether a transfer was made

  // Both must outlive the shell.
  ClientShell(ClientLink* link, Terminal* terminal);

  // Carries out commands until `quit` or the end of the input; what the bank
  // grants is told on stdout, what not on stderr. A script ends at the first
  // command that fails, a conversation goes on. Returns the exit code. Throws
  // std::runtime_error when the input cannot be read.
  int Run();

 private:
  // How a command has ended.
  enum class End { kDone, kQuit, kNoBank, kWrongUsage, kRefused, kUnknown };

  static int ExitCodeOf(End end);
  End Execute(const std::string& line);
  End LogIn(const std::string& username);
  End Transfer(const std::string& from, const std::string& to,
               const std::string& amount);
  End Ask(const Request& request);
  // The bank's reply to `request`, whose body it is; refers to `answer`. Throws
  // LinkError.
  Reply Receive(const Request& request, const std::string& body,
                std::string* answer);
  static End Tell(const Reply& reply);

  ClientLink* const link_;
  Terminal* const terminal_;
};

}  // namespace polymux

#endif  // POLYMUX_APPS_BANK_CLIENT_SHELL_H_
