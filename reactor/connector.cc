#include "reactor/connector.h"

#include <cerrno>
#include <utility>

#include "reactor/channel.h"
#include "reactor/event_loop.h"

namespace polymux {

struct Connector::Attempt {
  Attempt(EventLoop* loop, Socket a_socket, Channel::Callback on_writable)
      : socket(std::move(a_socket)),
        channel(loop, socket.fd(), nullptr, std::move(on_writable)) {}

  Socket socket;
  Channel channel;
};

Connector::Connector(EventLoop* loop, const InetAddress& peer,
                     const Options& options, OnConnected on_connected,
                     OnFailed on_failed)
    : loop_(loop),
      peer_(peer),
      options_(options),
      on_connected_(std::move(on_connected)),
      on_failed_(std::move(on_failed)) {}

void Connector::Start(Duration delay) {
  Stop();
  pause_ = options_.first_pause;
  timer_ = loop_->RunAfter(delay, [this] { Begin(); });
}

void Connector::Stop() {
  loop_->AssertInLoopThread();
  if (timer_) loop_->Cancel(*timer_);
  timer_.reset();
  if (attempt_) loop_->CloseLater(TakeSocket().TakeFd());
}

void Connector::Begin() {
  std::error_code error;
  Socket socket = Socket::Connect(peer_, options_.socket, &error);
  if (!socket) return Fail(error);
  attempt_ = std::make_shared<Attempt>(loop_, std::move(socket),
                                       [this](const Event&) { OnWritable(); });
  // Level, so that one path serves every backend; the Connection that follows
  // watches afresh.
  error = attempt_->channel.Watch(
      {.read = false, .write = true, .mode = Interest::Mode::kLevel});
  if (error) return Fail(error);
  timer_ = loop_->RunAfter(options_.timeout, [this] {
    Fail({ETIMEDOUT, std::system_category()});
  });
}

void Connector::OnWritable() {
  if (const std::error_code error = attempt_->socket.ConnectResult()) {
    return Fail(error);
  }
  loop_->Cancel(*timer_);
  timer_.reset();
  // A copy, for it may destroy this object.
  const OnConnected on_connected = on_connected_;
  on_connected(TakeSocket());
}

void Connector::Fail(std::error_code error) {
  Stop();
  std::optional<Duration> pause;
  if (options_.retry) {
    pause = pause_;
    timer_ = loop_->RunAfter(*pause, [this] { Begin(); });
    // The doubling must not overflow either.
    const bool longest = pause_ > options_.max_pause / 2;
    pause_ = longest ? options_.max_pause : 2 * pause_;
  }
  const OnFailed on_failed = on_failed_;
  on_failed(error, pause);
}

Socket Connector::TakeSocket() {
  attempt_->channel.Forget();
  Socket socket = std::move(attempt_->socket);
  loop_->ReleaseLater(std::move(attempt_));
  return socket;
}

}  // namespace polymux
