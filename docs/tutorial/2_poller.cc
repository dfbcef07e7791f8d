#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>

#include "poller/backends.h"
#include "reactor/socket.h"

int main() {
  const std::unique_ptr<polymux::Poller> poller =
      polymux::DefaultBackend().create();
  const polymux::Socket listener =
      polymux::Socket::Listen(*polymux::InetAddress::Parse("127.0.0.1", 0), {});
  const polymux::Interest reading = polymux::Interest::LevelRead();
  poller->Watch(listener.fd(), reading, 0);
  std::printf("listening %s\n",
              polymux::InetAddress::LocalOf(listener.fd()).ToString().c_str());
  std::fflush(stdout);

  for (;;) {
    std::span<polymux::Event> events;
    if (poller->Wait(std::nullopt, &events)) return 1;
    for (polymux::Event& event : events) {
      const auto token = poller->Resolve(event);
      if (!token) continue;
      if (*token == 0) {
        const int client = ::accept(listener.fd(), nullptr, nullptr);
        if (client >= 0) {
          poller->Watch(client, reading, static_cast<polymux::Token>(client));
        }
        continue;
      }
      const int client = static_cast<int>(*token);
      std::array<char, 4096> bytes;
      const ssize_t count = ::read(client, bytes.data(), bytes.size());
      if (count <= 0 || ::write(client, bytes.data(),
                                static_cast<std::size_t>(count)) != count) {
        poller->Forget(client);
        ::close(client);
      }
    }
  }
}
