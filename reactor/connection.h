#ifndef POLYMUX_REACTOR_CONNECTION_H_
#define POLYMUX_REACTOR_CONNECTION_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "reactor/buffer.h"
#include "reactor/channel.h"
#include "reactor/close_reason.h"
#include "reactor/connection_deadlines.h"
#include "reactor/framing.h"
#include "reactor/inet_address.h"
#include "reactor/socket.h"
#include "reactor/task_queue.h"

namespace polymux {

class Connection;
class EventLoop;

// What the user of connections is told. All run in the connection's loop, and
// for one connection in this order: on_open once; on_message or on_frame,
// on_send_complete and on_high_water any number of times; on_close once, last.
// None is called from within a call of Connection's, except as said.
//
// One that throws ends its connection, as CloseReason::kException, soon; the
// exception is told to the loop's on_exception, and everybody else is served
// on. What on_close throws is told alone. An exception of on_high_water does
// not reach the caller of Send.
struct ConnectionCallbacks {
  std::function<void(Connection&)> on_open;  // may be empty
  // Without framing, as often as bytes arrive. `input` holds everything
  // received and not consumed so far. What is left in it is shown again with
  // the next bytes, or when reading goes on after a pause.
  std::function<void(Connection&, Buffer& input)> on_message;
  // With framing instead, once for each frame. The payload is gone after the
  // call.
  std::function<void(Connection&, std::string_view payload)> on_frame;
  // All that was sent is in the kernel's hands: once after each time that
  // pending output has drained, and once after one or more calls of Send in an
  // iteration that left nothing pending. May be empty.
  std::function<void(Connection&)> on_send_complete;
  // Pending output has come to exceed high_water. Runs within Send. May be
  // empty.
  std::function<void(Connection&)> on_high_water;
  // The connection is closed for sending; its address can still be asked for.
  std::function<void(Connection&, CloseReason, std::error_code)>
      on_close;  // may be empty
};

// One established stream, on one loop.
//
// Closing. There is one way out, and on_close is called exactly once:
//
//   open      --peer ends its direction--> draining, or closed when nothing is
//                                          left to send and no work in flight
//   open      --Shutdown, a bad frame----> draining
//   draining  --all sent, work done------> closed, if the peer ended first;
//                                          else our end of the stream is sent:
//                                          lingering
//   lingering --peer's end, time-out-----> closed, or more than max_discarded
//                                          after a bad frame
//   any       --Close, error, time-out---> closed
//
// A draining connection reads no more, a lingering one drops what it reads.
// Lingering is left out when the peer's kernel has all that was sent and
// nothing unread has come.
// After Shutdown no more output is accepted, except for the work that is in
// flight; after the peer's half-close it is, for the peer may be waiting for
// its replies. The descriptor is closed and the object released at the end of
// the loop's iteration. Whoever keeps a shared_ptr keeps an empty shell: what
// any thread may call does nothing, also when owner and loop are long gone.
//
// Lifetimes. A callback that runs in the thread of the owner's loop may destroy
// the owner, a TcpServer or a TcpClient, and with it this connection.
//
// Under level triggering write readiness is asked for only while output is
// pending; under edge triggering both directions are watched once, and the
// registration changes only to begin reading again after a pause.
//
// Thread: Send, TrySend, SendFrame, Shutdown, Close and EndWork from any;
// everything else the loop's.
class alignas(64) Connection : public std::enable_shared_from_this<Connection> {
 public:
  enum class HalfClose : unsigned char {
    kAllow,  // the peer's end of stream ends the input only
    kAbort,  // it ends the connection; what is pending is dropped
  };

  // Shared by the connections of a server and constant while they live.
  struct Options {
    ConnectionCallbacks callbacks;
    // How the stream is cut into messages; none: not at all.
    std::shared_ptr<const Framing> framing;
    HalfClose half_close = HalfClose::kAllow;
    // One wake-up reads at most about this much from one connection before
    // the others of its loop have their turn.
    std::size_t read_budget = std::size_t{256} * 1024;
    // Reading pauses when more than high_water bytes of output are pending and
    // resumes when no more than low_water are: a peer that sends and does not
    // read costs this much memory, not all there is.
    std::size_t high_water = std::size_t{1024} * 1024;
    std::size_t low_water = std::size_t{256} * 1024;
    // With more pending the connection is closed.
    std::size_t max_output = std::size_t{8} * 1024 * 1024;
    // Likewise when other threads have handed over more, since output was last
    // all in the kernel's hands; see TrySend. Zero: as much as max_output.
    std::size_t max_handed_over = 0;
    // Likewise when on_message has left more in its input; a framing has a
    // bound of its own.
    std::size_t max_input = std::size_t{64} * 1024 * 1024;
    // A peer that has sent a bad frame may go on for so long before it is
    // reset; lingering only.
    std::size_t max_discarded = std::size_t{64} * 1024;
    // Apply where the owner gives ConnectionDeadlines.
    ConnectionTimeouts timeouts;
  };
  // Called once, after on_close: the owner shall give up the connection.
  using Release = std::function<void(Connection&)>;

  // `options`, `deadlines` (null: no time-outs and no lingering) and what
  // `release` points to must outlive the iteration of the loop in which it is
  // closed. Two phases: nothing happens before Establish.
  Connection(EventLoop* loop, Socket socket, const InetAddress& peer,
             const Options* options, const Release* release,
             ConnectionDeadlines* deadlines = nullptr);
  ~Connection();

  // Watches the socket and calls on_open. On an error (the backend cannot take
  // the descriptor) nothing has been called and the connection is unusable.
  std::error_code Establish();

  // Sends `bytes` after all that was sent before: directly when the socket
  // takes them, else when it is writable. In another thread than the loop's
  // they are copied and handed over, in order for each thread. Bytes for a
  // connection that is closed or draining are dropped.
  void Send(std::string_view bytes);
  // The same unless that would be more than max_handed_over, in the loop's
  // thread more than max_output, or the loop has ended: then nothing happens
  // and the result is false. True does not say that the peer will have it. Any
  // thread.
  bool TrySend(std::string_view bytes);
  // Sends `payload` as one frame. REQUIRES: framing, which can carry it.
  void SendFrame(std::string_view payload);

  // Closes once all output is in the kernel's hands and no work is in flight.
  void Shutdown();
  // Closes without sending what is pending. on_close is called later, not from
  // within this call; on_message is not called again.
  void Close();

  // Work in flight, for example a request that another thread is busy with,
  // keeps the connection open for its reply: BeginWork when it is taken up,
  // EndWork once for each, after its Send. A connection may still break
  // meanwhile; the reply is dropped then.
  void BeginWork() { ++work_in_flight_; }
  void EndWork();

  // Stops reading and showing frames, and goes on where it stopped. What the
  // peer sends meanwhile waits in the kernel, which in the end makes the peer
  // wait; the time-outs for what it is to send begin anew. Pausing twice is
  // pausing once.
  void PauseReading() { Pause(kByUser); }
  void ResumeReading() { Resume(kByUser); }

  // For the owner: closes like Close, but now, with on_close called from
  // within.
  void Terminate();

  // The loop's queue, which drops what comes when the loop has ended. Any
  // thread.
  const std::shared_ptr<TaskQueue>& tasks() const { return tasks_; }
  // Gone, perhaps, when this is an empty shell.
  EventLoop* loop() const { return loop_; }
  const InetAddress& peer() const { return peer_; }
  bool closed() const { return state_ == State::kClosed; }
  // Whether it is over, so that whatever is done for it is done in vain. Any
  // thread.
  bool gone() const { return gone_.load(std::memory_order_relaxed); }
  // Whether Send does anything now. Loop thread.
  bool accepts_output() const;
  // Whether it is over, and neither Shutdown nor Close was the reason. Loop
  // thread.
  bool broken() const {
    return (state_ == State::kClosing || closed()) &&
           reason_ != CloseReason::kLocal;
  }

  // Whatever the user wants to live as long as the connection. It dies in the
  // loop's thread, whoever kept the connection last; only when the loop has
  // ended before, where that happens. Loop thread.
  void set_context(std::shared_ptr<void> context) {
    context_ = std::move(context);
  }
  // REQUIRES: what was set is a T, or nothing.
  template <typename T>
  T* context() const {
    return static_cast<T*>(context_.get());
  }

  // Bytes accepted by Send that the kernel has not taken yet.
  std::size_t pending_output() const { return output_.size(); }

 private:
  bool IsInLoopThread() const { return thread_ == std::this_thread::get_id(); }

  enum class State : unsigned char {
    kOpen,
    kDraining,   // reads nothing, ends when all is sent and done
    kLingering,  // has sent its end, waits for the peer's
    kClosing,    // does nothing any more, a CloseNow is queued
    kClosed,
  };
  // Why reading is paused; bits.
  enum Pauses : unsigned char { kByOutput = 1, kByUser = 2 };

  // One of the connection's deadlines.
  class TimeLimit final : public Deadline {
   public:
    explicit TimeLimit(Connection* connection) : connection_(connection) {}

   private:
    void OnExpired() override { connection_->OnTimeout(*this); }

    Connection* const connection_;
  };
  struct TimeLimits {
    explicit TimeLimits(Connection* connection)
        : input(connection), idle(connection), write(connection) {}

    // What never runs at the same time: for the first byte, for the rest of a
    // frame, for the peer's end while lingering.
    TimeLimit input;
    TimeLimit idle;
    TimeLimit write;
  };

  void OnReadable(const Event& event);
  void OnWritable(const Event& event);
  void OnEndOfInput();
  // What input means when there is framing or there are time-outs. Returns the
  // number of messages.
  std::size_t TakeInput();
  // The same for what lies in the socket unread, all of it.
  std::size_t TakeUnread();
  // Shows the whole frames in the input; how many.
  std::size_t ShowFrames();
  // Reads and drops, until the peer's end or too much.
  void Discard(const Event& event);
  bool AllTaken();
  // Whether a close harms nothing.
  bool AtRest();
  // Closes; what the peer's kernel has not taken by now counts as lost.
  void GiveUpLingering();

  void SendInLoop(std::string_view bytes);
  void SendFrameInLoop(std::string_view payload);
  // In another thread: has the loop's call `send` with a copy, or close when
  // that is too much.
  void HandOver(void (Connection::*send)(std::string_view),
                std::string_view bytes);
  // The same; false when it is too much, or too late.
  bool TryHandOver(void (Connection::*send)(std::string_view),
                   std::string_view bytes);
  // In the loop's thread: `count` bytes have arrived in it.
  void OnHandedOver(std::size_t count);
  // One send(2): how much the socket took; nothing after an error that ends the
  // connection.
  std::optional<std::size_t> Write(std::string_view bytes);
  // The same by sendmsg(2) for several stretches.
  std::optional<std::size_t> Write(std::span<const iovec> stretches);
  std::optional<std::size_t> Written(ssize_t result, std::size_t offered);
  // After output has been left pending.
  void OnPending();
  // What on_message has left is kept for the next one.
  void KeepInput();
  // All sent so far is out: has on_send_complete called.
  void OnAllSent();

  void Pause(Pauses pause);
  void Resume(Pauses pause);
  void GoOnReading();

  // From open to draining, with the output that is left.
  void Drain(CloseReason reason);
  // Ends a draining connection when nothing is left to do.
  void FinishIfDone();
  void OnTimeout(const TimeLimit& limit);
  void OnInputTimeout(const TimeLimit& limit);
  void OnWriteTimeout();
  void DisarmAll();

  // Watches the directions that the state needs.
  void UpdateInterest();
  // Has what is readable reported again, also under edge triggering.
  void WatchAnew();
  // Calls the function, which calls the user; what it throws ends the
  // connection.
  template <typename Function>
  void Guard(Function&& function);
  // REQUIRES: within a catch block.
  void OnException();
  void CloseNow(CloseReason reason, std::error_code error);
  // As a task, for callers within a call of the user's.
  void CloseLater(CloseReason reason, std::error_code error);

  struct Layout;

  // In the order of use: what a message touches, down to the output, comes
  // first; see Layout.
  EventLoop* const loop_;
  const Options* const options_;
  const std::thread::id thread_;  // the loop's, which it may outlive
  Socket socket_;
  State state_ = State::kOpen;
  unsigned char paused_ = 0;  // Pauses
  // Why it ends, once no longer kOpen.
  CloseReason reason_ = CloseReason::kLocal;
  // Whether a message means no more than a call of on_message: no framing, no
  // time-outs, no on_send_complete.
  const bool on_message_alone_;
  Channel channel_;
  Buffer input_;
  Buffer output_;

  bool send_complete_queued_ = false;
  bool awaits_first_byte_ = false;  // within a time-out
  std::uint32_t work_in_flight_ = 0;
  std::size_t scanned_ = 0;    // by the framing, of the incomplete frame
  std::size_t discarded_ = 0;  // while kLingering
  const std::shared_ptr<TaskQueue> tasks_;  // the loop's
  // Bytes of other threads that are on their way or pending; any thread. Those
  // that are pending.
  const std::size_t max_handed_over_;
  std::atomic<std::size_t> handed_over_{0};
  std::size_t handed_over_pending_ = 0;
  const Release* const release_;
  ConnectionDeadlines* const deadlines_;
  std::unique_ptr<TimeLimits> limits_;  // when one is needed
  const InetAddress peer_;
  std::shared_ptr<void> context_;
  std::atomic<bool> gone_{false};
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_CONNECTION_H_
