#include "apps/examples/serve.h"

#include <signal.h>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "apps/flag_values.h"
#include "poller/backends.h"
#include "reactor/event_loop.h"
#include "reactor/signal_watcher.h"
#include "reactor/tcp_server.h"

namespace polymux {
namespace {

void Serve(const Backend& backend, std::uint16_t port,
           ConnectionCallbacks callbacks) {
  if (const std::string reason = backend.probe(); !reason.empty()) {
    throw std::runtime_error("the backend cannot be used here: " + reason);
  }
  EventLoop loop(backend);
  TcpServer::Options options;
  options.address = *InetAddress::Parse("127.0.0.1", port);
  options.reactors = 0;
  options.connection.callbacks = std::move(callbacks);
  options.on_error = [](const std::string& what, std::error_code error) {
    std::fprintf(stderr, "%s failed: %s\n", what.c_str(),
                 error.message().c_str());
  };
  TcpServer server(&loop, backend, std::move(options));
  SignalWatcher signals(&loop, {SIGINT, SIGTERM}, [&](int) {
    SignalWatcher::RestoreDefault(SIGINT);
    SignalWatcher::RestoreDefault(SIGTERM);
    server.Stop([&loop] { loop.Quit(); });
  });
  server.Start();
  std::printf("listening %s backend=%s reactors=0\n",
              server.address().ToString().c_str(),
              std::string(backend.name).c_str());
  std::fflush(stdout);
  if (const std::error_code error = loop.Run()) throw std::system_error(error);
}

}  // namespace

int ServeExample(int argc, char** argv, const char* description,
                 ConnectionCallbacks callbacks) {
  SignalWatcher::Block({SIGINT, SIGTERM});
  std::vector<std::string> names;
  for (const Backend& backend : Backends()) names.emplace_back(backend.name);
  std::string backend{DefaultBackend()};
  std::uint16_t port = 0;

  CLI::App app(description);
  app.add_option("--backend", backend, "I/O multiplexer")
      ->check(CLI::IsMember(names))
      ->capture_default_str();
  app.add_option("--port", port, "TCP port of 127.0.0.1; 0 takes a free one")
      ->type_name("PORT")
      ->capture_default_str();
  if (const std::optional<int> exit_code = ParseFlags(app, argc, argv)) {
    return *exit_code;
  }
  try {
    Serve(*FindBackend(backend), port, std::move(callbacks));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 1;
  }
  return 0;
}

}  // namespace polymux
