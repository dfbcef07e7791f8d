#include "apps/bank/bank_options.h"

#include <memory>

#include "apps/bank/protocol.h"
#include "apps/connection_flags.h"
#include "apps/flag_values.h"
#include "apps/user_path.h"
#include "reactor/length_framing.h"

namespace polymux {
namespace {

constexpr int kMaxWorkers = 256;

constexpr const char* kDescription =
    "A small bank: log in, look at your cards, transfer money. bank_client is\n"
    "its client, docs/bank.md has the protocol.";

constexpr const char* kFooter =
    "The first line on stdout is 'listening IP:PORT backend=NAME reactors=N';\n"
    "all else is told on stderr. SIGINT or SIGTERM stops it: requests that it\n"
    "has are answered first; a second signal ends it at once.\n\n"
    "Exit codes: 0 stopped, 1 could not start or go on, or took requests that\n"
    "it did not answer, 2 wrong usage.\n\n"
    "  bank_server --init-demo --port 7100";

}  // namespace

std::optional<int> ParseBankOptions(int argc, char** argv,
                                    BankOptions* options) {
  ConnectionFlags connection;

  CLI::App app(kDescription);
  app.footer(kFooter);
  options->server.AddTo(app);
  app.add_option("--workers", options->service.workers,
                 "threads that check passwords and move money")
      ->check(Between(1, kMaxWorkers))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--worker-queue", options->service.queue,
                 "requests that may wait for a worker; more, and the "
                 "connections that sent them are read no further")
      ->check(Between(1, 1 << 30))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--login-attempts", options->service.max_failed_logins,
                 "failed logins that close a connection")
      ->check(Between(1, 1 << 30))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--database", options->database, "file with the accounts")
      ->type_name("FILE")
      ->capture_default_str();
  app.add_flag("--init-demo", options->init_demo,
               "create that file first, with customers for a demonstration");
  connection.AddTo(app, std::make_shared<LengthFraming>(kMaxBody));
  AddDuration(app, "--drain-timeout", options->drain_timeout,
              "how long a stop waits for replies to be taken");
  const auto check = [&] { connection.Check(); };
  if (const std::optional<int> exit_code = ParseFlags(app, argc, argv, check)) {
    return exit_code;
  }
  options->connection = connection.options();
  options->database = UserPath(options->database).string();
  return std::nullopt;
}

}  // namespace polymux
