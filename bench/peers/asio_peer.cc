#include "bench/peers/asio_peer.h"

#include <array>
#include <asio.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>

#include "bench/peers/listener.h"

namespace polymux::bench {
namespace {

using asio::ip::tcp;

// How long to do without descriptors before accepting again.
constexpr std::chrono::milliseconds kPatience{100};

// Reads some, writes all of it, and begins anew; so nothing is read while
// output is pending.  Kept alive by the operation that is under way.
class Session : public std::enable_shared_from_this<Session> {
 public:
  explicit Session(tcp::socket socket) : socket_(std::move(socket)) {}

  void Read() {
    socket_.async_read_some(
        asio::buffer(buffer_),
        [self = shared_from_this()](const asio::error_code& error,
                                    std::size_t count) {
          if (!error) self->Write(count);
        });
  }

 private:
  void Write(std::size_t count) {
    asio::async_write(socket_, asio::buffer(buffer_.data(), count),
                      [self = shared_from_this()](const asio::error_code& error,
                                                  std::size_t) {
                        if (!error) self->Read();
                      });
  }

  tcp::socket socket_;
  std::array<char, 16384> buffer_;
};

class AsioServer {
 public:
  // The hint of 1: a single thread runs the context.
  explicit AsioServer(int listener)
      : context_(1),
        acceptor_(context_, tcp::v4(), listener),
        pause_(context_) {}

  void Run() {
    Accept();
    context_.run();
  }

 private:
  void Accept() {
    acceptor_.async_accept(
        [this](const asio::error_code& error, tcp::socket socket) {
          if (error == asio::error::no_descriptors) return AcceptLater();
          if (!error) std::make_shared<Session>(std::move(socket))->Read();
          Accept();
        });
  }

  void AcceptLater() {
    pause_.expires_after(kPatience);
    pause_.async_wait([this](const asio::error_code&) { Accept(); });
  }

  asio::io_context context_;
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
};

}  // namespace

int AsioMain(int argc, char** argv) {
  return RunPeer(argc, argv, "asio",
                 [](int listener) { AsioServer(listener).Run(); });
}

}  // namespace polymux::bench
