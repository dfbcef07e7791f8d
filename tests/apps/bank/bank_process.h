#ifndef POLYMUX_TESTS_APPS_BANK_BANK_PROCESS_H_
#define POLYMUX_TESTS_APPS_BANK_BANK_PROCESS_H_

#include <signal.h>

#include <string>
#include <string_view>
#include <vector>

#include "apps/bank/protocol.h"
#include "reactor/inet_address.h"
#include "tests/apps/process.h"
#include "tests/reactor/support.h"

namespace polymux {

// A running bank_server on a free port of 127.0.0.1.
class BankProcess {
 public:
  explicit BankProcess(const std::vector<std::string>& flags);
  // With a log that nobody reads.
  BankProcess(const std::vector<std::string>& flags, const StuckPipe& log);

  Process& process() { return process_; }
  const std::string& first_line() const { return first_line_; }
  const InetAddress& address() const { return address_; }

  // Waits for it to log `text`; whether it has.
  bool Logs(const std::string& text) const;

  // Ends it as its user does; the exit code.
  int Stop(int signal = SIGTERM);

 private:
  Process process_;
  const std::string first_line_;
  const InetAddress address_;
};

// A client of the bank; throws, which fails the test, when the bank does not
// answer.
class Teller {
 public:
  explicit Teller(const InetAddress& bank) : client_(bank) {}

  Client& client() { return client_; }

  // Body to body.
  std::string Ask(std::string_view body);
  // The same for a request: "0 done", "-1 log in first".
  std::string Ask(const Request& request);

  void Send(std::string_view body);
  void Send(const Request& request);
  std::string Receive();
  std::string ReceiveResult();

 private:
  Client client_;
};

// A body with its length in front.
std::string Frame(std::string_view body);

}  // namespace polymux

#endif  // POLYMUX_TESTS_APPS_BANK_BANK_PROCESS_H_
