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
  static constexpr int kWrongUsage = 2;
  static constexpr int kRefused = 3;

  // Both must outlive the shell.
  ClientShell(ClientLink* link, Terminal* terminal);

  // Carries out commands until `quit` or the end of the input; what the bank
  // grants is told on stdout, what not on stderr. A script ends at the first
  // command that is wrong or refused, a conversation goes on. Returns the exit
  // code. Throws like ClientLink.
  int Run();

 private:
  enum class Outcome { kDone, kQuit, kRefused, kWrongUsage };

  Outcome Execute(const std::string& line);
  Outcome LogIn(const std::string& username);
  Outcome Transfer(const std::string& from, const std::string& to,
                   const std::string& amount);
  Outcome Ask(const Request& request);

  ClientLink* const link_;
  Terminal* const terminal_;
};

}  // namespace polymux

#endif  // POLYMUX_APPS_BANK_CLIENT_SHELL_H_
