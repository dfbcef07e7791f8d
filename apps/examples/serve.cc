#include "apps/examples/serve.h"

#include <signal.h>
#include <spdlog/spdlog.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "apps/flag_values.h"
#include "apps/log.h"
#include "apps/program.h"
#include "apps/server_log.h"
#include "poller/backends.h"
#include "reactor/event_loop.h"
#include "reactor/signal_watcher.h"
#include "reactor/tcp_server.h"

namespace polymux {
namespace {

int Serve(const Backend& backend, std::uint16_t port,
          Connection::Options connection) {
  if (const std::string reason = backend.probe(); !reason.empty()) {
    throw std::runtime_error("the backend cannot be used here: " + reason);
  }
  EventLoop loop(backend);
  TcpServer::Options options;
  options.address = *InetAddress::Parse("127.0.0.1", port);
  options.reactors = 0;
  options.connection = std::move(connection);
  LogFailures(&loop, &options);
  TcpServer server(&loop, std::move(options));
  std::uint64_t cut_off = 0;
  SignalWatcher signals(&loop, {SIGINT, SIGTERM}, [&](int) {
    SignalWatcher::RestoreDefault(SIGINT);
    SignalWatcher::RestoreDefault(SIGTERM);
    server.Stop([&] {
      cut_off = loop.counters().lost;
      loop.Quit();
    });
  });
  server.Start();
  Announce("listening " + server.address().ToString() +
           " backend=" + std::string(backend.name) + " reactors=0");
  if (const std::error_code error = loop.Run()) throw std::system_error(error);
  if (cut_off == 0) return 0;
  spdlog::error("{} connections were closed with output unsent", cut_off);
  return 1;
}

}  // namespace

int ServeExample(int argc, char** argv, const char* description,
                 Connection::Options connection) {
  SignalWatcher::Block({SIGINT, SIGTERM});
  const Log log(std::filesystem::path(argv[0]).filename());
  ::signal(SIGPIPE, SIG_IGN);
  std::vector<std::string> names;
  for (const Backend& backend : Backends()) names.emplace_back(backend.name);
  std::string backend{DefaultBackend().name};
  std::uint16_t port = 0;

  CLI::App app(description);
  app.add_option("--backend", backend, "I/O multiplexer")
      ->check(CLI::IsMember(names).description(""))
      ->type_name("NAME")
      ->capture_default_str();
  app.add_option("--port", port, "TCP port of 127.0.0.1; 0 takes a free one")
      ->type_name("PORT")
      ->capture_default_str();
  if (const std::optional<int> exit_code = ParseFlags(app, argc, argv)) {
    return *exit_code;
  }
  return Serve(*FindBackend(backend), port, std::move(connection));
}

}  // namespace polymux
