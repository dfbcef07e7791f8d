// A program outside of this project: an echo server on a free port, which it
// prints, until SIGTERM.

#include <signal.h>

#include <cstdio>

#include "poller/backends.h"
#include "reactor/event_loop.h"
#include "reactor/signal_watcher.h"
#include "reactor/tcp_server.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  polymux::SignalWatcher::Block({SIGTERM});
  const polymux::Backend* const backend = polymux::FindBackend(argv[1]);
  if (backend == nullptr) return 2;
  polymux::EventLoop loop(*backend);
  polymux::SignalWatcher signals(&loop, {SIGTERM}, [&](int) { loop.Quit(); });
  polymux::TcpServer::Options options;
  options.address = *polymux::InetAddress::Parse("127.0.0.1", 0);
  options.connection.callbacks.on_message = [](polymux::Connection& connection,
                                               polymux::Buffer& input) {
    connection.Send(input.view());
    input.Clear();
  };
  options.on_error = [&loop](auto&&...) { loop.Quit(); };
  polymux::TcpServer server(&loop, options);
  server.Start();
  std::printf("%d\n", server.address().port());
  std::fflush(stdout);
  return loop.Run() ? 1 : 0;
}
