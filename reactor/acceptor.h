#ifndef POLYMUX_REACTOR_ACCEPTOR_H_
#define POLYMUX_REACTOR_ACCEPTOR_H_

#include <functional>
#include <optional>
#include <system_error>

#include "reactor/channel.h"
#include "reactor/clock.h"
#include "reactor/inet_address.h"
#include "reactor/socket.h"
#include "reactor/timer_queue.h"

namespace polymux {

class EventLoop;

// Accepts connections on a listening socket and hands them on; keeps none. The
// listener is always level-triggered, so that what one wake-up leaves in the
// queue is reported again.
//
// Out of descriptors (EMFILE, ENFILE): a spare descriptor is given up to accept
// the waiting connection and close it at once, so that its client learns of it
// and the listener is not ready for ever. When that does not work, or for want
// of memory (ENOBUFS, ENOMEM), the listener rests for kBackOff. Both are
// counted as rejected_descriptors. A connection that has failed in the queue
// (ECONNABORTED and the network errors of accept(2)) is skipped.
//
// Thread: the loop's.
class Acceptor {
 public:
  using OnAccept = std::function<void(Socket, const InetAddress& peer)>;
  using OnError = std::function<void(std::error_code)>;
  using OnBatch = std::function<void()>;

  // Connections taken by one wake-up, unless told otherwise; the established
  // ones come next.
  static constexpr int kMaxPerEvent = 64;
  // The longest queue that the kernel keeps by default, so that a crowd which
  // goes on connecting does not keep a server from stopping.
  static constexpr int kMaxAtStop = 4096;
  static constexpr Duration kBackOff = std::chrono::milliseconds(100);

  // `on_error` is told when the listener itself is broken; it then rests for
  // good. `on_batch`, if there is one, is called when all that a wake-up has
  // accepted has been handed on. The loop must outlive the Acceptor.
  Acceptor(EventLoop* loop, Socket listener, OnAccept on_accept,
           OnError on_error, int max_per_event = kMaxPerEvent,
           OnBatch on_batch = {});
  ~Acceptor() { Stop(); }

  // Throws std::system_error when the loop cannot watch the listener.
  void Start();
  // Accepts what waits in the queue, at most kMaxAtStop, also while the
  // listener rests for want of descriptors, and ends listening: the socket is
  // closed at the end of the iteration. Whoever connects between the last look
  // at the queue and that close is reset by the kernel.
  void AcceptQueuedAndStop();
  // Ends listening: the socket is closed at the end of the iteration, and what
  // waited in its queue is reset by the kernel.
  void Stop();

  EventLoop* loop() const { return loop_; }
  InetAddress address() const { return address_; }

 private:
  std::error_code Watch();
  void AcceptBatch(int count);
  void AcceptUpTo(int count);
  // These return whether to go on accepting.
  bool HandleError(int error);
  bool RejectOne();
  void OpenSpare();
  void BackOff();
  void EndBackOff();

  EventLoop* const loop_;
  const InetAddress address_;
  const OnAccept on_accept_;
  const OnError on_error_;
  const OnBatch on_batch_;
  Socket listener_;
  UniqueFd spare_;
  Channel channel_;
  std::optional<TimerId> back_off_;
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_ACCEPTOR_H_
