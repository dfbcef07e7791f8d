#include <cerrno>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <optional>
#include <string>
#include <system_error>

#include "apps/bank/client_link.h"
#include "apps/bank/client_shell.h"
#include "apps/bank/terminal.h"
#include "apps/flag_values.h"
#include "apps/program.h"
#include "reactor/inet_address.h"

namespace {

constexpr const char* kDescription =
    "Talks to bank_server: one command on each line of standard input.";

constexpr const char* kFooter =
    "Commands: login USER, balance CARD, transfer FROM TO AMOUNT, logout,\n"
    "help, quit. The password is asked for after login and not shown; in a\n"
    "script it is the next line.\n\n"
    "Exit codes: 0 done, 1 no connection, or it was lost, or input or output\n"
    "failed, 2 wrong usage; in a script 3 when the bank refuses something, 4\n"
    "when it is not known whether a transfer was made. A script ends there.\n\n"
    "  bank_client --port 7100";

int BankClientMain(int argc, char** argv) {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::chrono::nanoseconds timeout = std::chrono::seconds(10);

  CLI::App app(kDescription);
  app.footer(kFooter);
  app.add_option("--host", host, "numeric IPv4 or IPv6 address of the bank")
      ->type_name("ADDRESS")
      ->capture_default_str();
  app.add_option("--port", port, "its TCP port")->type_name("PORT")->required();
  polymux::AddDuration(app, "--timeout", timeout,
                       "to wait for each reply, and for the connection with it")
      ->check([](const std::string& text) {
        return text.find_first_of("123456789") == std::string::npos
                   ? "'" + text + "' leaves no time for a reply"
                   : std::string();
      });
  if (const std::optional<int> exit_code =
          polymux::ParseFlags(app, argc, argv)) {
    return *exit_code;
  }
  const auto address = polymux::InetAddress::Parse(host, port);
  if (!address) {
    std::cerr << "--host: '" << host << "' is not a numeric address\n";
    return polymux::ClientShell::kWrongUsage;
  }
  polymux::ClientLink link(*address, timeout);
  polymux::Terminal terminal;
  return polymux::ClientShell(&link, &terminal).Run();
}

}  // namespace

int main(int argc, char** argv) {
  return polymux::RunProgram(argc, argv, BankClientMain);
}
