#ifndef POLYMUX_REACTOR_CONNECTOR_H_
#define POLYMUX_REACTOR_CONNECTOR_H_

#include <functional>
#include <memory>
#include <optional>
#include <system_error>

#include "reactor/clock.h"
#include "reactor/inet_address.h"
#include "reactor/socket.h"
#include "reactor/timer_queue.h"

namespace polymux {

class EventLoop;

// Connects to one address without blocking, again and again until it succeeds,
// and hands the socket on; keeps none.
//
// An attempt fails with the error of the kernel: ECONNREFUSED when nobody
// listens there (a socket that reaches itself included), ETIMEDOUT when nobody
// answers, within the kernel's patience or Options::timeout, whichever ends
// first.
//
// Thread: the loop's.
class Connector {
 public:
  struct Options {
    Socket::ConnectOptions socket{};
    Duration timeout = std::chrono::seconds(10);  // of one attempt
    // The pause after the first failed attempt; each further one is twice as
    // long, up to max_pause.
    Duration first_pause = std::chrono::milliseconds(500);
    Duration max_pause = std::chrono::seconds(30);
    bool retry = true;  // otherwise one attempt for each Start
  };
  using OnConnected = std::function<void(Socket)>;
  // The pause before the next attempt; none when there will be none.
  using OnFailed =
      std::function<void(std::error_code, std::optional<Duration> pause)>;

  // Either callback may Stop, Start or destroy the Connector. Neither is called
  // from within Start. The loop must outlive the Connector.
  Connector(EventLoop* loop, const InetAddress& peer, const Options& options,
            OnConnected on_connected, OnFailed on_failed);
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;
  ~Connector() { Stop(); }

  // Makes the first attempt after `delay`, with the shortest pause to follow.
  // What is under way is given up.
  void Start(Duration delay = Duration::zero());
  // Gives up, at any time: no callback follows.
  void Stop();

  // Between Start and on_connected, Stop or the last on_failed.
  bool active() const { return timer_.has_value(); }

 private:
  // A socket on its way, with its Channel. Given to the loop when it ends,
  // since the Channel may not go while it is calling.
  struct Attempt;

  void Begin();
  void OnWritable();
  void Fail(std::error_code error);
  // Ends the attempt and returns its socket.
  Socket TakeSocket();

  EventLoop* const loop_;
  const InetAddress peer_;
  const Options options_;
  const OnConnected on_connected_;
  const OnFailed on_failed_;
  Duration pause_{};              // after the next failure
  std::optional<TimerId> timer_;  // the pause, or the attempt's timeout
  std::shared_ptr<Attempt> attempt_;
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_CONNECTOR_H_
