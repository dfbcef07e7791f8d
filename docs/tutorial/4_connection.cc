#include <cstdio>
#include <utility>

#include "poller/backends.h"
#include "reactor/acceptor.h"
#include "reactor/connection_set.h"
#include "reactor/event_loop.h"

int main() {
  polymux::EventLoop loop(polymux::DefaultBackend());
  polymux::Connection::Options options;
  options.callbacks.on_message = [](polymux::Connection& connection,
                                    polymux::Buffer& input) {
    connection.Send(input.view());
    input.Clear();
  };
  polymux::ConnectionSet connections(&loop, &options, [](auto&) {});
  polymux::Acceptor acceptor(
      &loop,
      polymux::Socket::Listen(*polymux::InetAddress::Parse("127.0.0.1", 0), {}),
      [&](polymux::Socket socket, const polymux::InetAddress& peer) {
        connections.Add(std::move(socket), peer);
      },
      [&](std::error_code) { loop.Quit(); });
  acceptor.Start();
  std::printf("listening %s\n", acceptor.address().ToString().c_str());
  std::fflush(stdout);
  loop.Run();
  connections.CloseAll();
}
