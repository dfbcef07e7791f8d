#include <cstdio>

#include "poller/backends.h"
#include "reactor/tcp_server.h"

int main() {
  polymux::EventLoop loop(polymux::DefaultBackend());
  polymux::TcpServer::Options options;
  options.address = *polymux::InetAddress::Parse("127.0.0.1", 0);
  options.reactors = 2;
  options.connection.callbacks.on_message = [](auto& connection, auto& input) {
    connection.Send(input.view());
    input.Clear();
  };
  options.on_error = [&loop](auto&&...) { loop.Quit(); };
  polymux::TcpServer server(&loop, options);
  server.Start();
  std::printf("listening %s\n", server.address().ToString().c_str());
  std::fflush(stdout);
  loop.Run();
}
