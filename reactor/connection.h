#ifndef POLYMUX_REACTOR_CONNECTION_H_
#define POLYMUX_REACTOR_CONNECTION_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>

#include "reactor/buffer.h"
#include "reactor/channel.h"
#include "reactor/inet_address.h"
#include "reactor/socket.h"

namespace polymux {

class Connection;
class EventLoop;

enum class CloseReason : unsigned char {
  kPeerClosed,  // the peer ended its direction and has been sent everything
  kError,       // a system call failed; the error code tells
  kLocal,       // Close or Shutdown was called
};

std::string_view ToString(CloseReason reason);

// What the user of connections is told. All run in the connection's loop, and
// for one connection in this order: on_open once, on_message as often as bytes
// arrive, on_close once, last.
struct ConnectionCallbacks {
  std::function<void(Connection&)> on_open;  // may be empty
  // `input` holds everything received and not consumed so far. What is left in
  // it is shown again with the next bytes.
  std::function<void(Connection&, Buffer& input)> on_message;
  // The connection is closed for sending; its address can still be asked for.
  std::function<void(Connection&, CloseReason, std::error_code)>
      on_close;  // may be empty
};

// One established stream, on one loop.
//
// Closing. There is one way out, and on_close is called exactly once:
//
//   open      --peer ends its direction--> draining, or closed when nothing is
//                                          left to send
//   open      --Shutdown----------------> draining, or closed likewise
//   draining  --all output sent---------> closed
//   any       --Close, error------------> closed
//
// A draining connection reads no more. After Shutdown it accepts no more output
// either; after the peer's half-close it does, for the peer may be waiting for
// its replies. The descriptor is closed and the object released at the end of
// the loop's iteration; whoever keeps a shared_ptr keeps an empty shell.
//
// Under level triggering write readiness is asked for only while output is
// pending; under edge triggering both directions are watched once, and the
// registration never changes again.
//
// Thread: Send, Shutdown and Close from any; everything else the loop's.
class alignas(64) Connection : public std::enable_shared_from_this<Connection> {
 public:
  // Shared by the connections of a server and constant while they live.
  struct Options {
    ConnectionCallbacks callbacks;
    // One wake-up reads at most about this much from one connection before
    // the others of its loop have their turn.
    std::size_t read_budget = std::size_t{256} * 1024;
    // Reading pauses when more than high_water bytes of output are pending and
    // resumes when no more than low_water are: a peer that sends and does not
    // read costs this much memory, not all there is.
    std::size_t high_water = std::size_t{1024} * 1024;
    std::size_t low_water = std::size_t{256} * 1024;
  };
  // Called once, after on_close: the owner shall give up the connection.
  using Release = std::function<void(Connection&)>;

  // `options` and what `release` points to must outlive the closing. Two
  // phases: nothing happens before Establish.
  Connection(EventLoop* loop, Socket socket, const InetAddress& peer,
             const Options* options, const Release* release);
  ~Connection();

  // Watches the socket and calls on_open. On an error (the backend cannot take
  // the descriptor) nothing has been called and the connection is unusable.
  std::error_code Establish();

  // Sends `bytes` after all that was sent before: directly when the socket
  // takes them, else when it is writable. In another thread than the loop's
  // they are copied and handed over, in order for each thread. Bytes for a
  // connection that is closed or draining are dropped.
  void Send(std::string_view bytes);

  // Closes once all output is in the kernel's hands.
  void Shutdown();
  // Closes without sending what is pending. on_close is called later, not from
  // within this call; on_message is not called again.
  void Close();

  // For the owner: closes like Close, but now, with on_close called from
  // within.
  void Terminate();

  EventLoop* loop() const { return loop_; }
  const InetAddress& peer() const { return peer_; }
  bool closed() const { return state_ == State::kClosed; }
  // Bytes accepted by Send that the kernel has not taken yet.
  std::size_t pending_output() const { return output_.size(); }

 private:
  enum class State : unsigned char {
    kOpen,
    kDraining,  // reads nothing, closes when the output is empty
    kClosing,   // does nothing any more, a CloseNow is queued
    kClosed,
  };

  void OnReadable(const Event& event);
  void OnWritable(const Event& event);
  void OnEndOfInput();

  void SendInLoop(std::string_view bytes);
  // Has a copy sent by the loop's thread.
  void HandOver(std::string_view bytes);
  // One send(2): how much the socket took; nothing after an error that ends the
  // connection.
  std::optional<std::size_t> Write(std::string_view bytes);

  // Watches the directions that the state needs.
  void UpdateInterest();
  void CloseNow(CloseReason reason, std::error_code error);
  // As a task, for callers within a call of the user's.
  void CloseLater(CloseReason reason, std::error_code error);

  // In the order of use: what a message touches, down to the output, lies in
  // three cache lines that begin with the Channel's (EventLoop::Prefetch).
  EventLoop* const loop_;
  const Options* const options_;
  const Release* const release_;
  Socket socket_;
  State state_ = State::kOpen;
  bool paused_ = false;  // reading, until the output is below low_water
  CloseReason drain_reason_ = CloseReason::kLocal;  // while kDraining
  Channel channel_;
  Buffer input_;
  Buffer output_;
  const InetAddress peer_;
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_CONNECTION_H_
