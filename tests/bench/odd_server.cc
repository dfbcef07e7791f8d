// A server for tests of the lab's foreign arms: `odd_server MODE PORT` listens
// on 127.0.0.1 and misbehaves as MODE says: "mute" never answers, "corrupt"
// changes what it echoes, "dies" ends with status 9 at the tenth message,
// "good" echoes, "forks" has a process for each connection, "throng" one for
// each message; nobody waits for these.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace {

int Listen(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      listen(fd, 100) != 0) {
    std::perror("odd_server");
    std::exit(1);
  }
  return fd;
}

// 0.5 ms of CPU time.
void Work() {
  const auto used = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return time.tv_sec * 1'000'000'000 + time.tv_nsec;
  };
  const auto end = used() + 500'000;
  while (used() < end) {
  }
}

void Answer(std::string_view mode, int fd) {
  static int messages = 0;
  std::array<char, 4096> buffer;
  const ssize_t count = recv(fd, buffer.data(), buffer.size(), 0);
  if (count <= 0 || mode == "mute") return;
  if (mode == "dies" && ++messages == 10) {
    std::fputs("odd_server: enough\n", stderr);
    std::exit(9);
  }
  // The parent has taken what the child is to answer.
  if (mode == "throng" && fork() != 0) return;
  if (mode == "throng") Work();
  if (mode == "corrupt") buffer[0] = static_cast<char>(buffer[0] ^ 1);
  send(fd, buffer.data(), static_cast<std::size_t>(count), MSG_NOSIGNAL);
  if (mode == "throng") _exit(0);
}

// In the process of a connection.
[[noreturn]] void Serve(int fd) {
  std::array<char, 4096> buffer;
  for (ssize_t count = 0;
       (count = recv(fd, buffer.data(), buffer.size(), 0)) > 0;) {
    Work();
    send(fd, buffer.data(), static_cast<std::size_t>(count), MSG_NOSIGNAL);
  }
  _exit(0);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string_view mode = argv[1];
  // Children that nobody waits for, and whose usage no parent is told.
  std::signal(SIGCHLD, SIG_IGN);
  std::vector<pollfd> watched{
      {Listen(static_cast<std::uint16_t>(std::stoul(argv[2]))), POLLIN, 0}};
  while (true) {
    poll(watched.data(), watched.size(), -1);
    for (std::size_t i = 1; i < watched.size(); ++i) {
      if ((watched[i].revents & POLLIN) != 0) Answer(mode, watched[i].fd);
      if ((watched[i].revents & (POLLHUP | POLLERR)) != 0) watched[i].fd = -1;
    }
    if ((watched[0].revents & POLLIN) == 0) continue;
    const int fd = accept(watched[0].fd, nullptr, nullptr);
    if (mode != "forks") {
      watched.push_back({fd, POLLIN, 0});
    } else if (fork() == 0) {
      Serve(fd);
    } else {
      close(fd);
    }
  }
}
