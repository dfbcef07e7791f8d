#include "apps/echo_options.h"

#include <sys/resource.h>

#include <algorithm>

#include "apps/flag_values.h"

namespace polymux {
namespace {

constexpr int kMaxReactors = 256;

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

// CLI11's range check without its addition to the help text.
CLI::Validator Between(int low, int high) {
  return CLI::Range(low, high).description("");
}

// For CLI11: empty when `name` can be used, else what is wrong with it.
std::string CheckBackend(const std::string& name) {
  if (FindBackend(name) != nullptr) return {};
  if (Backends().size() == 1) {
    return "'" + name +
           "' is not in this program: it was built with --//poller:backend=" +
           BackendNames() + " and has only that one";
  }
  return "'" + name + "' is no backend; there are " + BackendNames();
}

std::string CheckAddress(const std::string& host) {
  if (InetAddress::Parse(host, 0)) return {};
  return "'" + host + "' is not a numeric IPv4 or IPv6 address";
}

}  // namespace

std::optional<int> ParseEchoOptions(int argc, char** argv,
                                    EchoOptions* options) {
  std::string backend{DefaultBackend()};
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;

  CLI::App app(kDescription);
  app.footer(kFooter);
  app.add_option("--backend", backend, "I/O multiplexer: " + BackendNames())
      ->check(CheckBackend)
      ->type_name("NAME")
      ->capture_default_str();
  app.add_option("--bind", host, "numeric IPv4 or IPv6 address to listen on")
      ->check(CheckAddress)
      ->type_name("ADDRESS")
      ->capture_default_str();
  app.add_option("--port", port, "TCP port; 0 takes a free one")
      ->type_name("PORT")
      ->capture_default_str();
  app.add_option("--reactors", options->reactors,
                 "threads that serve connections, beside the one that accepts; "
                 "0 does everything in one thread")
      ->check(Between(0, kMaxReactors))
      ->type_name("N")
      ->capture_default_str();
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
  CLI::Option* const max_connections =
      app.add_option("--max-connections", options->max_connections,
                     "connections at the same time; more are accepted and "
                     "closed at once. Default: 10000, or what the descriptor "
                     "limit and the backend allow")
          ->check(Between(1, 1 << 30))
          ->type_name("N");
  app.add_option("--stats-json", options->stats_json,
                 "file for counters, one JSON line at exit and one for each "
                 "SIGUSR1")
      ->type_name("FILE");

  if (const std::optional<int> exit_code = ParseFlags(app, argc, argv)) {
    return exit_code;
  }
  options->backend = FindBackend(backend);
  options->address = *InetAddress::Parse(host, port);
  if (max_connections->empty()) {
    options->max_connections =
        DefaultMaxConnections(*options->backend, options->reactors);
  }
  return std::nullopt;
}

std::size_t DefaultMaxConnections(const Backend& backend, int reactors) {
  constexpr std::size_t kDefault = 10'000;
  // Standard streams, listener, spare, signals, statistics and the main loop's
  // three; each further loop has three.
  constexpr std::size_t kOwn = 16;
  constexpr std::size_t kPerLoop = 3;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  std::size_t descriptors = limit.rlim_cur;
  if (backend.max_fd) {
    descriptors =
        std::min(descriptors, static_cast<std::size_t>(*backend.max_fd) + 1);
  }
  const std::size_t own = kOwn + kPerLoop * static_cast<std::size_t>(reactors);
  return std::min(kDefault, descriptors > own ? descriptors - own : 1);
}

}  // namespace polymux
