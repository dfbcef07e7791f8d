#ifndef POLYMUX_APPS_BANK_BANK_OPTIONS_H_
#define POLYMUX_APPS_BANK_BANK_OPTIONS_H_

#include <chrono>
#include <optional>
#include <string>

#include "apps/bank/bank_service.h"
#include "apps/server_flags.h"
#include "reactor/connection.h"

namespace polymux {

// What the command line of bank_server says.
struct BankOptions {
  ServerFlags server;
  BankService::Options service;
  std::string database = "bank.db";
  bool init_demo = false;
  Connection::Options connection;
  std::chrono::nanoseconds drain_timeout = std::chrono::seconds(5);
};

// Fills `options`. Empty: go on; otherwise the exit code for main (0 after
// --help, 2 after a usage error), everything having been told.
std::optional<int> ParseBankOptions(int argc, char** argv,
                                    BankOptions* options);

}  // namespace polymux

#endif  // POLYMUX_APPS_BANK_BANK_OPTIONS_H_
