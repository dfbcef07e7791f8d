#include "bench/peers/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string>
#include <system_error>

#include "apps/descriptor_limit.h"
#include "apps/flag_values.h"

namespace polymux::bench {
namespace {

int Listen(std::uint16_t port) {
  const int listener = Check(
      socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
  const int on = 1;
  Check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on),
        "SO_REUSEADDR");
  Check(setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on),
        "TCP_NODELAY");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Check(bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address),
        "bind");
  Check(listen(listener, SOMAXCONN), "listen");
  return listener;
}

void Announce(int listener, std::string_view name) {
  sockaddr_in address{};
  socklen_t length = sizeof address;
  Check(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length),
        "getsockname");
  std::printf("listening 127.0.0.1:%d backend=%s reactors=0\n",
              ntohs(address.sin_port), std::string(name).c_str());
  std::fflush(stdout);
}

}  // namespace

int Check(int result, const char* call) {
  if (result < 0) {
    throw std::system_error(errno, std::generic_category(), call);
  }
  return result;
}

int RunPeer(int argc, char** argv, std::string_view name,
            void (*serve)(int listener)) {
  CLI::App app("Echo server without the reactor, to compare it with.", argv[0]);
  std::uint16_t port = 0;
  app.add_option("--port", port, "TCP port on 127.0.0.1; 0 is any")
      ->capture_default_str();
  if (const auto exit_code = ParseFlags(app, argc, argv)) return *exit_code;
  for (const int signal_number : {SIGINT, SIGTERM}) {
    signal(signal_number, [](int) { _exit(0); });
  }
  signal(SIGPIPE, SIG_IGN);
  try {
    RaiseDescriptorLimit();
    const int listener = Listen(port);
    Announce(listener, name);
    serve(listener);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
  }
  return 1;
}

}  // namespace polymux::bench
