#include "bench/peers/raw_select.h"

#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "bench/peers/echo_step.h"
#include "bench/peers/listener.h"

namespace polymux::bench {
namespace {

class RawSelectServer {
 public:
  explicit RawSelectServer(int listener)
      : listener_(listener), highest_(listener) {
    FD_ZERO(&reading_);
    FD_ZERO(&writing_);
    FD_SET(listener_, &reading_);
  }

  // Never returns; throws std::system_error if select itself fails.
  [[noreturn]] void Run();

 private:
  void Accept();
  void OnReady(int fd);

  const int listener_;
  int highest_;  // of all descriptors seen so far
  fd_set reading_;
  fd_set writing_;
  EchoStep echo_;
};

void RawSelectServer::Run() {
  while (true) {
    fd_set readable = reading_;
    fd_set writable = writing_;
    int ready = select(highest_ + 1, &readable, &writable, nullptr, nullptr);
    if (ready < 0) {
      if (errno != EINTR) Check(ready, "select");
      continue;
    }
    const bool is_listener_ready = FD_ISSET(listener_, &readable);
    if (is_listener_ready) --ready;
    for (int fd = 0; ready > 0 && fd <= highest_; ++fd) {
      if (fd == listener_) continue;
      if (!FD_ISSET(fd, &readable) && !FD_ISSET(fd, &writable)) continue;
      --ready;
      OnReady(fd);
    }
    if (is_listener_ready) Accept();
  }
}

void RawSelectServer::Accept() {
  while (true) {
    const int fd =
        accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= FD_SETSIZE) {
      close(fd);  // select cannot watch it
    } else if (fd >= 0) {
      highest_ = std::max(highest_, fd);
      FD_SET(fd, &reading_);
    } else if (errno == EMFILE || errno == ENFILE) {
      FD_CLR(listener_, &reading_);
      return;
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return;
    }
  }
}

void RawSelectServer::OnReady(int fd) {
  switch (echo_.OnReady(fd)) {
    case EchoStep::Next::kUnchanged:
      return;
    case EchoStep::Next::kRead:
      FD_CLR(fd, &writing_);
      FD_SET(fd, &reading_);
      return;
    case EchoStep::Next::kWrite:
      FD_CLR(fd, &reading_);
      FD_SET(fd, &writing_);
      return;
    case EchoStep::Next::kClosed:
      FD_CLR(fd, &reading_);
      FD_CLR(fd, &writing_);
      FD_SET(listener_, &reading_);
      return;
  }
}

}  // namespace

int RawSelectMain(int argc, char** argv) {
  return RunPeer(argc, argv, "raw-select", [](int listener) {
    std::make_unique<RawSelectServer>(listener)->Run();
  });
}

}  // namespace polymux::bench
