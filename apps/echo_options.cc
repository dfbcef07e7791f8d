#include "apps/echo_options.h"

#include <chrono>
#include <string>
#include <string_view>

#include "apps/connection_flags.h"
#include "apps/flag_values.h"
#include "apps/server_flags.h"
#include "apps/user_path.h"

namespace polymux {
namespace {

constexpr const char* kDescription =
    "Sends back every byte that it receives, over the I/O multiplexer of your "
    "choice.";

constexpr const char* kFooter =
    "The first line on stdout is 'listening IP:PORT backend=NAME reactors=N';\n"
    "all else is told on stderr. SIGINT or SIGTERM stops it: what is pending\n"
    "is sent first; a second signal ends it at once.\n\n"
    "Exit codes: 0 stopped, 1 could not start or go on, or dropped output\n"
    "when it stopped, 2 wrong usage.\n\n"
    "  echo_server --backend poll --port 7000 --reactors 2\n"
    "  printf 'hello\\n' | nc -N 127.0.0.1 7000";

constexpr int kMaxWorkers = 256;
constexpr int kMaxWorkUs = 10'000'000;

// Empty when there is none of that name.
std::optional<Strategy> StrategyOf(std::string_view name) {
  if (name == "round-robin") return Strategy::kRoundRobin;
  if (name == "least-connections") return Strategy::kLeastConnections;
  if (name == "reuseport") return Strategy::kReusePort;
  return std::nullopt;
}

std::string CheckStrategy(const std::string& name) {
  if (StrategyOf(name)) return {};
  return "'" + name +
         "' is no strategy; there are round-robin, least-connections, "
         "reuseport";
}

void CheckFanOut(const EchoOptions& options, int work_us) {
  if (!options.fan_out || (options.work.workers == 0 && work_us == 0)) return;
  throw CLI::ValidationError("--fan-out",
                             "goes neither with --workers nor with --work-us");
}

}  // namespace

std::optional<int> ParseEchoOptions(int argc, char** argv,
                                    EchoOptions* options) {
  ServerFlags server;
  std::string strategy = "round-robin";
  int work_us = 0;
  ConnectionFlags connection;
  std::size_t read_budget = Connection::Options{}.read_budget;

  CLI::App app(kDescription);
  app.footer(kFooter);
  server.AddTo(app);
  app.add_option("--strategy", strategy,
                 "which reactor gets a new connection: round-robin, "
                 "least-connections, or reuseport, where each has a listener "
                 "of its own and the kernel chooses")
      ->check(CheckStrategy)
      ->type_name("NAME")
      ->capture_default_str();
  app.add_flag("--fan-out", options->fan_out,
               "send what one connection sends to all of them, itself among "
               "them; goes neither with --workers nor with --work-us");
  app.add_option("--workers", options->work.workers,
                 "threads that compute the replies; 0 computes them on the "
                 "reactors")
      ->check(Between(0, kMaxWorkers))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--worker-queue", options->work.queue,
                 "messages that may wait for a worker; more, and the "
                 "connections that sent them are read no further")
      ->check(Between(1, 1 << 30))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--work-us", work_us,
                 "microseconds of computing for each message, at most 10 s")
      ->check(Between(0, kMaxWorkUs))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--backlog", options->backlog,
                 "connections that may wait to be accepted; the kernel caps it "
                 "at net.core.somaxconn")
      ->check(Between(1, 65535))
      ->type_name("N")
      ->capture_default_str();
  bool delay = false;
  app.add_flag("--no-nodelay", delay,
               "have the kernel gather small replies, which are sent at once "
               "otherwise (TCP_NODELAY)");
  AddSize(app, "--read-budget", read_budget,
          "bytes read from one connection before the others have their turn");
  connection.AddTo(app);
  AddDuration(app, "--drain-timeout", options->drain_timeout,
              "how long a stop waits for what is pending to be taken");
  app.add_option("--stats-json", options->stats_json,
                 "file for counters, one JSON line at exit and one for each "
                 "SIGUSR1")
      ->type_name("FILE");
  const auto check = [&] {
    connection.Check();
    CheckFanOut(*options, work_us);
  };
  if (const std::optional<int> exit_code = ParseFlags(app, argc, argv, check)) {
    return exit_code;
  }
  options->backend = &server.backend();
  options->address = server.address();
  options->reactors = server.reactors();
  options->strategy = *StrategyOf(strategy);
  options->no_delay = !delay;
  options->work.per_message = std::chrono::microseconds(work_us);
  options->max_connections = server.max_connections();
  options->max_per_ip = server.max_per_ip();
  options->accepts_per_event = server.accepts_per_event();
  options->connection = connection.options();
  options->connection.read_budget = read_budget;
  options->work.framed = options->connection.framing != nullptr;
  if (!options->stats_json.empty()) {
    options->stats_json = UserPath(options->stats_json).string();
  }
  return std::nullopt;
}

}  // namespace polymux
