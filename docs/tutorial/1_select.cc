#include <arpa/inet.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

int main() {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener, any, size) != 0 || ::listen(listener, 128) != 0) {
    std::perror("listen");
    return 1;
  }
  ::getsockname(listener, any, &size);
  std::printf("listening 127.0.0.1:%d\n", ntohs(address.sin_port));
  std::fflush(stdout);

  std::vector<int> clients;
  for (;;) {
    fd_set readable;
    FD_ZERO(&readable);
    FD_SET(listener, &readable);
    int highest = listener;
    for (const int client : clients) {
      FD_SET(client, &readable);
      highest = std::max(highest, client);
    }
    if (::select(highest + 1, &readable, nullptr, nullptr, nullptr) == -1) {
      continue;
    }

    std::vector<int> still_there;
    for (const int client : clients) {
      if (FD_ISSET(client, &readable)) {
        std::array<char, 4096> bytes;
        const ssize_t count = ::read(client, bytes.data(), bytes.size());
        if (count <= 0 || ::write(client, bytes.data(),
                                  static_cast<std::size_t>(count)) != count) {
          ::close(client);
          continue;
        }
      }
      still_there.push_back(client);
    }
    clients = still_there;
    if (FD_ISSET(listener, &readable)) {
      const int client = ::accept(listener, nullptr, nullptr);
      if (client >= 0) clients.push_back(client);
    }
  }
}
