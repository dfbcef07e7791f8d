#include "bench/peers/raw_epoll.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "bench/peers/echo_step.h"
#include "bench/peers/listener.h"

namespace polymux::bench {
namespace {

class RawEpollServer {
 public:
  // Throws std::system_error.
  explicit RawEpollServer(int listener)
      : epoll_(Check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
        listener_(listener) {
    Watch(EPOLL_CTL_ADD, listener_, EPOLLIN);
  }

  // Never returns; throws std::system_error if epoll itself fails.
  [[noreturn]] void Run();

 private:
  void Watch(int operation, int fd, std::uint32_t events) const;
  void Accept();
  void OnReady(int fd);
  void AcceptAgain();

  const int epoll_;
  const int listener_;
  bool accepting_ = true;
  EchoStep echo_;
};

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
      } else {
        OnReady(fd);
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
      // AcceptAgain listens again.
      accepting_ = false;
      return Watch(EPOLL_CTL_MOD, listener_, 0);
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return;
    }
  }
}

void RawEpollServer::OnReady(int fd) {
  switch (echo_.OnReady(fd)) {
    case EchoStep::Next::kUnchanged:
      return;
    case EchoStep::Next::kRead:
      return Watch(EPOLL_CTL_MOD, fd, EPOLLIN);
    case EchoStep::Next::kWrite:
      return Watch(EPOLL_CTL_MOD, fd, EPOLLOUT);
    case EchoStep::Next::kClosed:
      return AcceptAgain();
  }
}

void RawEpollServer::AcceptAgain() {
  if (accepting_) return;
  accepting_ = true;
  Watch(EPOLL_CTL_MOD, listener_, EPOLLIN);
}

}  // namespace

int RawEpollMain(int argc, char** argv) {
  return RunPeer(argc, argv, "raw-epoll", [](int listener) {
    // On the heap for its buffer's sake.
    std::make_unique<RawEpollServer>(listener)->Run();
  });
}

}  // namespace polymux::bench
