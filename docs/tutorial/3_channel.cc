#include <unistd.h>

#include <array>
#include <cstdio>
#include <map>
#include <memory>
#include <utility>

#include "poller/backends.h"
#include "reactor/channel.h"
#include "reactor/event_loop.h"
#include "reactor/socket.h"

namespace {

constexpr polymux::Interest kReading = {
    .read = true, .mode = polymux::Interest::Mode::kLevel};

class EchoServer {
 public:
  explicit EchoServer(polymux::EventLoop* loop)
      : loop_(loop),
        listener_(polymux::Socket::Listen(
            *polymux::InetAddress::Parse("127.0.0.1", 0), {})),
        channel_(
            loop, listener_.fd(), [this](auto&) { Accept(); }, nullptr) {
    channel_.Watch(kReading);
    std::printf(
        "listening %s\n",
        polymux::InetAddress::LocalOf(listener_.fd()).ToString().c_str());
    std::fflush(stdout);
  }

 private:
  struct Guest {
    polymux::Socket socket;
    std::unique_ptr<polymux::Channel> channel;
  };

  void Accept() {
    polymux::InetAddress peer;
    polymux::Socket socket = listener_.Accept(&peer);
    if (!socket) return;
    const int fd = socket.fd();
    auto channel = std::make_unique<polymux::Channel>(
        loop_, fd, [this, fd](auto&) { Echo(fd); }, nullptr);
    channel->Watch(kReading);
    guests_[fd] =
        std::make_shared<Guest>(Guest{std::move(socket), std::move(channel)});
  }

  void Echo(int fd) {
    std::array<char, 4096> bytes;
    const ssize_t count = ::read(fd, bytes.data(), bytes.size());
    if (count <= 0 ||
        ::write(fd, bytes.data(), static_cast<std::size_t>(count)) != count) {
      guests_[fd]->channel->Forget();
      loop_->ReleaseLater(std::move(guests_[fd]));
      guests_.erase(fd);
    }
  }

  polymux::EventLoop* const loop_;
  const polymux::Socket listener_;
  polymux::Channel channel_;
  std::map<int, std::shared_ptr<Guest>> guests_;
};

}  // namespace

int main() {
  polymux::EventLoop loop(polymux::DefaultBackend());
  EchoServer server(&loop);
  loop.Run();
}
