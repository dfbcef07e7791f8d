#ifndef POLYMUX_TESTS_APPS_ECHO_SERVER_PROCESS_H_
#define POLYMUX_TESTS_APPS_ECHO_SERVER_PROCESS_H_

#include <signal.h>

#include <optional>
#include <string>
#include <vector>

#include "reactor/inet_address.h"
#include "tests/apps/process.h"

namespace polymux {

// Where the program is in the runfiles, where Bazel starts a test.
inline constexpr const char* kEchoServer = "apps/echo_server";

// A running echo_server.
class EchoServer {
 public:
  // Returns when the server listens; throws std::runtime_error when it does
  // not. `launcher`: what comes before the program on the command line.
  explicit EchoServer(const std::vector<std::string>& flags,
                      std::vector<std::string> launcher = {});

  Process& process() { return process_; }
  const std::string& first_line() const { return first_line_; }
  const InetAddress& address() const { return address_.value(); }

  // Ends it as its user does; the exit code.
  int Stop(int signal = SIGTERM);

 private:
  Process process_;
  const std::string first_line_;
  std::optional<InetAddress> address_;
};

}  // namespace polymux

#endif  // POLYMUX_TESTS_APPS_ECHO_SERVER_PROCESS_H_
