#include "bench/peers/raw_poll.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <memory>
#include <vector>

#include "bench/peers/echo_step.h"
#include "bench/peers/listener.h"

namespace polymux::bench {
namespace {

class RawPollServer {
 public:
  explicit RawPollServer(int listener)
      : listener_(listener),
        watched_{{.fd = listener, .events = POLLIN, .revents = 0}} {}

  // Never returns; throws std::system_error if poll itself fails.
  [[noreturn]] void Run();

 private:
  void Accept();
  // False when the connection was closed, and another took its place.
  bool OnReady(std::size_t index);

  const int listener_;
  // The listener is the first; its descriptor is negative, which poll passes
  // over, while there is none left to accept with.
  std::vector<pollfd> watched_;
  EchoStep echo_;
};

void RawPollServer::Run() {
  while (true) {
    int ready = poll(watched_.data(), watched_.size(), -1);
    if (ready < 0) {
      if (errno != EINTR) Check(ready, "poll");
      continue;
    }
    const bool is_listener_ready = watched_[0].revents != 0;
    if (is_listener_ready) --ready;
    for (std::size_t i = 1; ready > 0 && i < watched_.size();) {
      if (watched_[i].revents == 0) {
        ++i;
        continue;
      }
      --ready;
      if (OnReady(i)) ++i;
    }
    if (is_listener_ready) Accept();
  }
}

void RawPollServer::Accept() {
  while (true) {
    const int fd =
        accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      watched_.push_back({.fd = fd, .events = POLLIN, .revents = 0});
    } else if (errno == EMFILE || errno == ENFILE) {
      watched_[0].fd = -1;
      return;
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return;
    }
  }
}

bool RawPollServer::OnReady(std::size_t index) {
  switch (echo_.OnReady(watched_[index].fd)) {
    case EchoStep::Next::kUnchanged:
      break;
    case EchoStep::Next::kRead:
      watched_[index].events = POLLIN;
      break;
    case EchoStep::Next::kWrite:
      watched_[index].events = POLLOUT;
      break;
    case EchoStep::Next::kClosed:
      watched_[index] = watched_.back();
      watched_.pop_back();
      watched_[0].fd = listener_;
      return false;
  }
  return true;
}

}  // namespace

int RawPollMain(int argc, char** argv) {
  return RunPeer(argc, argv, "raw-poll", [](int listener) {
    std::make_unique<RawPollServer>(listener)->Run();
  });
}

}  // namespace polymux::bench
