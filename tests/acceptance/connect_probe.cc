// Connects by TcpClient and tells what became of each attempt, a line each:
//
//   Connection refused, again in 20ms
//   connected
//
// Ends with the first connection (exit code 0) or the last attempt (1).

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "apps/flag_values.h"
#include "poller/backends.h"
#include "reactor/event_loop.h"
#include "reactor/tcp_client.h"

namespace polymux {
namespace {

struct ProbeOptions {
  std::string backend{DefaultBackend().name};
  std::uint16_t port = 0;
  int attempts = 1;
  Connector::Options connect;
};

int Probe(const ProbeOptions& probe) {
  EventLoop loop(*FindBackend(probe.backend));
  int failed = 0;
  bool connected = false;
  TcpClient::Options options;
  options.server = *InetAddress::Parse("127.0.0.1", probe.port);
  options.connect = probe.connect;
  options.connection.callbacks.on_message = [](Connection&, Buffer& input) {
    input.Clear();
  };
  options.connection.callbacks.on_open = [&](Connection&) {
    connected = true;
    std::printf("connected\n");
    loop.Quit();
  };
  options.on_connect_failed = [&](std::error_code error,
                                  std::optional<Duration> pause) {
    std::printf("%s", error.message().c_str());
    if (++failed < probe.attempts && pause) {
      std::printf(", again in %s\n", FormatDuration(*pause).c_str());
    } else {
      std::printf("\n");
      loop.Quit();
    }
    std::fflush(stdout);
  };
  TcpClient client(&loop, std::move(options));
  client.Connect();
  if (const std::error_code error = loop.Run()) {
    std::fprintf(stderr, "%s\n", error.message().c_str());
    return 1;
  }
  return connected ? 0 : 1;
}

int ProbeMain(int argc, char** argv) {
  ProbeOptions options;
  CLI::App app("Connects to a port of 127.0.0.1.");
  app.add_option("--backend", options.backend);
  app.add_option("--port", options.port)->required();
  app.add_option("--attempts", options.attempts);
  AddDuration(app, "--timeout", options.connect.timeout, "of an attempt");
  AddDuration(app, "--first-pause", options.connect.first_pause, "");
  AddDuration(app, "--max-pause", options.connect.max_pause, "");
  if (const std::optional<int> exit_code = ParseFlags(app, argc, argv)) {
    return *exit_code;
  }
  return Probe(options);
}

}  // namespace
}  // namespace polymux

int main(int argc, char** argv) { return polymux::ProbeMain(argc, argv); }
