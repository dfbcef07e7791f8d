#include "poller/backends.h"
#include "reactor/tcp_server.h"

int main() {
  polymux::EventLoop loop(polymux::DefaultBackend());
  polymux::TcpServer::Options options;
  options.address = *polymux::InetAddress::Parse("127.0.0.1", 7000);
  options.connection.callbacks.on_message = [](auto& connection, auto& input) {
    connection.Send(input.view());
    input.Clear();
  };
  options.on_error = [&loop](auto&&...) { loop.Quit(); };
  polymux::TcpServer server(&loop, options);
  server.Start();
  loop.Run();
}
