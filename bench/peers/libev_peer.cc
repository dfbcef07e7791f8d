#include "bench/peers/libev_peer.h"

// Not its compatibility layer: ev.h alone.
#define EV_COMPAT3 0
#include <ev.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <stdexcept>

#include "bench/peers/echo_step.h"
#include "bench/peers/listener.h"

namespace polymux::bench {
namespace {

class LibevServer {
 public:
  explicit LibevServer(int listener);

  // Throws when the loop ends, which it does not.
  void Run();

 private:
  static void OnAcceptable(struct ev_loop* loop, ev_io* watcher, int events);
  static void OnReady(struct ev_loop* loop, ev_io* watcher, int events);

  struct ev_loop* const loop_;
  ev_io acceptor_;
  EchoStep echo_;
};

LibevServer::LibevServer(int listener) : loop_(ev_default_loop(EVFLAG_AUTO)) {
  if (loop_ == nullptr) throw std::runtime_error("libev: no loop");
  ev_io_init(&acceptor_, OnAcceptable, listener, EV_READ);
  acceptor_.data = this;
  ev_io_start(loop_, &acceptor_);
}

void LibevServer::Run() {
  ev_run(loop_, 0);
  throw std::runtime_error("libev: the loop has ended");
}

void LibevServer::OnAcceptable(struct ev_loop* loop, ev_io* watcher, int) {
  while (true) {
    const int fd =
        accept4(watcher->fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      auto* const connection = new ev_io;
      ev_io_init(connection, OnReady, fd, EV_READ);
      connection->data = watcher->data;
      ev_io_start(loop, connection);
    } else if (errno == EMFILE || errno == ENFILE) {
      // The next connection that closes starts it again.
      return ev_io_stop(loop, watcher);
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return;
    }
  }
}

void LibevServer::OnReady(struct ev_loop* loop, ev_io* watcher, int) {
  auto* const server = static_cast<LibevServer*>(watcher->data);
  const EchoStep::Next next = server->echo_.OnReady(watcher->fd);
  if (next == EchoStep::Next::kUnchanged) return;
  const int fd = watcher->fd;
  ev_io_stop(loop, watcher);
  if (next == EchoStep::Next::kClosed) {
    delete watcher;
    ev_io_start(loop, &server->acceptor_);
    return;
  }
  ev_io_set(watcher, fd, next == EchoStep::Next::kRead ? EV_READ : EV_WRITE);
  ev_io_start(loop, watcher);
}

}  // namespace

int LibevMain(int argc, char** argv) {
  return RunPeer(argc, argv, "libev", [](int listener) {
    std::make_unique<LibevServer>(listener)->Run();
  });
}

}  // namespace polymux::bench
