#include "apps/echo_options.h"

#include "apps/flag_values.h"
#include "apps/server_flags.h"

namespace polymux {
namespace {

constexpr const char* kDescription =
    "Sends back every byte that it receives, over the I/O multiplexer of your "
    "choice.";

constexpr const char* kFooter =
    "The first line on stdout is 'listening IP:PORT backend=NAME reactors=N';\n"
    "all else is told on stderr. SIGINT or SIGTERM stops it: what is pending\n"
    "is sent first, for at most 5 s; a second signal ends it at once.\n\n"
    "Exit codes: 0 stopped, 1 could not start or go on, 2 wrong usage.\n\n"
    "  echo_server --backend poll --port 7000 --reactors 2\n"
    "  printf 'hello\\n' | nc -N 127.0.0.1 7000";

}  // namespace

std::optional<int> ParseEchoOptions(int argc, char** argv,
                                    EchoOptions* options) {
  ServerFlags server;

  CLI::App app(kDescription);
  app.footer(kFooter);
  server.AddTo(app);
  app.add_option("--backlog", options->backlog,
                 "connections that may wait to be accepted; the kernel caps it "
                 "at net.core.somaxconn")
      ->check(Between(1, 65535))
      ->type_name("N")
      ->capture_default_str();
  app.add_flag("--nodelay,!--no-nodelay", options->no_delay,
               "send small replies at once (TCP_NODELAY); on by default");
  AddSize(app, "--read-budget", options->read_budget,
          "bytes read from one connection before the others have their turn");
  app.add_option("--stats-json", options->stats_json,
                 "file for counters, one JSON line at exit and one for each "
                 "SIGUSR1")
      ->type_name("FILE");

  if (const std::optional<int> exit_code = ParseFlags(app, argc, argv)) {
    return exit_code;
  }
  options->backend = &server.backend();
  options->address = server.address();
  options->reactors = server.reactors();
  options->max_connections = server.max_connections();
  return std::nullopt;
}

}  // namespace polymux
