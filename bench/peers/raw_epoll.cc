#include "bench/peers/raw_epoll.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>

#include "apps/descriptor_limit.h"
#include "apps/flag_values.h"

namespace polymux::bench {
namespace {

// Throws the error of a failed call, for the calls that must succeed.
int Check(int result, const char* call) {
  if (result < 0) {
    throw std::system_error(errno, std::generic_category(), call);
  }
  return result;
}

class RawEpollServer {
 public:
  // Listens on 127.0.0.1; port 0 is any.  Throws std::system_error.
  explicit RawEpollServer(std::uint16_t port);

  // Prints the line that says where.
  void Announce() const;

  // Never returns; throws std::system_error if epoll itself fails.
  [[noreturn]] void Run();

 private:
  void Watch(int operation, int fd, std::uint32_t events) const;
  void Accept();
  void Echo(int fd);
  void Flush(int fd, std::string* unsent);
  void Close(int fd);

  const int epoll_;
  const int listener_;
  bool accepting_ = true;
  // What the kernel did not take, by descriptor.  Such a connection is watched
  // for writing alone, so it reads no more (and sees no end of stream) until
  // all of it is sent.
  std::unordered_map<int, std::string> unsent_;
  std::array<char, 65536> buffer_;
};

RawEpollServer::RawEpollServer(std::uint16_t port)
    : epoll_(Check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      listener_(
          Check(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
                "socket")) {
  const int on = 1;
  Check(setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on),
        "SO_REUSEADDR");
  // Accepted sockets inherit it.
  Check(setsockopt(listener_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on),
        "TCP_NODELAY");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Check(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address),
        "bind");
  Check(listen(listener_, SOMAXCONN), "listen");
  Watch(EPOLL_CTL_ADD, listener_, EPOLLIN);
}

void RawEpollServer::Announce() const {
  sockaddr_in address{};
  socklen_t length = sizeof address;
  Check(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length),
        "getsockname");
  std::printf("listening 127.0.0.1:%d backend=raw-epoll reactors=0\n",
              ntohs(address.sin_port));
  std::fflush(stdout);
}

void RawEpollServer::Run() {
  std::array<epoll_event, 1024> events;
  while (true) {
    const int ready = epoll_wait(epoll_, events.data(), events.size(), -1);
    if (ready < 0 && errno != EINTR) Check(ready, "epoll_wait");
    // A descriptor is in the array once, so one that is closed and accepted
    // anew while the array is walked has no stale event ahead.
    for (int i = 0; i < ready; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == listener_) {
        Accept();
      } else if (auto unsent = unsent_.find(fd); unsent != unsent_.end()) {
        Flush(fd, &unsent->second);
      } else {
        Echo(fd);
      }
    }
  }
}

void RawEpollServer::Watch(int operation, int fd, std::uint32_t events) const {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  Check(epoll_ctl(epoll_, operation, fd, &event), "epoll_ctl");
}

void RawEpollServer::Accept() {
  while (true) {
    const int fd =
        accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      Watch(EPOLL_CTL_ADD, fd, EPOLLIN);
    } else if (errno == EMFILE || errno == ENFILE) {
      // The waiting connection would wake a level-triggered listener for ever;
      // Close listens again.
      accepting_ = false;
      return Watch(EPOLL_CTL_MOD, listener_, 0);
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return;
    }
  }
}

void RawEpollServer::Echo(int fd) {
  const ssize_t received = recv(fd, buffer_.data(), buffer_.size(), 0);
  if (received <= 0) {
    if (received == 0 || (errno != EAGAIN && errno != EINTR)) Close(fd);
    return;
  }
  const std::string_view message(buffer_.data(),
                                 static_cast<std::size_t>(received));
  const ssize_t sent = send(fd, message.data(), message.size(), MSG_NOSIGNAL);
  if (sent == received) return;
  if (sent < 0 && errno != EAGAIN && errno != EINTR) return Close(fd);
  unsent_.emplace(fd, message.substr(sent < 0 ? 0 : static_cast<size_t>(sent)));
  Watch(EPOLL_CTL_MOD, fd, EPOLLOUT);
}

void RawEpollServer::Flush(int fd, std::string* unsent) {
  const ssize_t sent = send(fd, unsent->data(), unsent->size(), MSG_NOSIGNAL);
  if (sent < 0) {
    if (errno != EAGAIN && errno != EINTR) Close(fd);
    return;
  }
  unsent->erase(0, static_cast<std::size_t>(sent));
  if (!unsent->empty()) return;
  unsent_.erase(fd);
  Watch(EPOLL_CTL_MOD, fd, EPOLLIN);
}

void RawEpollServer::Close(int fd) {
  unsent_.erase(fd);
  close(fd);
  if (accepting_) return;
  accepting_ = true;
  Watch(EPOLL_CTL_MOD, listener_, EPOLLIN);
}

}  // namespace

int RawEpollMain(int argc, char** argv) {
  CLI::App app("Echo server on epoll without any framework.", argv[0]);
  std::uint16_t port = 0;
  app.add_option("--port", port, "TCP port on 127.0.0.1; 0 is any")
      ->capture_default_str();
  if (const auto exit_code = ParseFlags(app, argc, argv)) return *exit_code;
  // Nothing is owed to anybody at the end: leaving at once is a clean stop.
  for (const int signal_number : {SIGINT, SIGTERM}) {
    signal(signal_number, [](int) { _exit(0); });
  }
  try {
    RaiseDescriptorLimit();
    // On the heap for its buffer's sake.
    const auto server = std::make_unique<RawEpollServer>(port);
    server->Announce();
    server->Run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 1;
  }
}

}  // namespace polymux::bench
