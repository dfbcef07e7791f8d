#ifndef POLYMUX_BENCH_LOAD_WORKER_H_
#define POLYMUX_BENCH_LOAD_WORKER_H_

#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <system_error>
#include <vector>

#include "bench/load/client_socket.h"
#include "bench/load/clock.h"
#include "bench/load/load_errors.h"
#include "bench/load/stream.h"
#include "bench/load/tally.h"
#include "bench/load/window_probe.h"
#include "reactor/inet_address.h"
#include "reactor/system_calls.h"
#include "reactor/unique_fd.h"

namespace polymux::bench {

// The connections of one worker and what it needs to drive them.
struct WorkerPlan {
  InetAddress target;
  StreamShape shape;             // of the active connections
  std::size_t first_connection;  // number of its first connection in the run
  std::size_t active;
  std::size_t idle;
  int stop_fd;  // readable once the run is to be given up; never read
  std::chrono::milliseconds stall_limit;
};

// When to warm up and to measure, in monotonic nanoseconds.
struct Window {
  std::int64_t warm_up;  // begins
  std::int64_t begin;
  std::int64_t end;
};

// Drives connections on an epoll set of its own; a class derived from it says
// when the active ones send. Made to cost little, for what it costs is part of
// what it measures:
// - one recv and one send for all messages of a connection that are ready;
// - data is sent from and compared with the pattern where it lies;
// - one clock reading per recv: the time at which the messages that it
//   completed came back, and at which those that replace them are sent (the
//   comparison of the last 64 KiB in between counts as latency);
// - level-triggered, registered once for reading; writing is watched only
//   while the socket is full;
// - the kind of traffic costs one virtual call per recv.
//
// The window's edges are passed between two messages: at the first one that
// came back after the edge's time, or at a timer when nothing comes. So the
// edges of all workers lie within one message of each other.
//
// Used by one thread at a time. Failures of connections are collected in
// tally().errors, and the others go on.
class Worker {
 public:
  virtual ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Opens the connections; ends when each has sent one message and had it
  // back, so that all of them are known to be accepted and served. Ends early
  // at the first failure.
  void Connect();

  // Exchanges messages until `window` has passed and nothing is on the way.
  // Ends early when no active connection is left. `probe`, when not null, is
  // told of the window's edges. REQUIRES: Connect came to its end unfailed.
  void Exchange(const Window& window, WindowProbe* probe);

  const Tally& tally() const { return tally_; }

  // Whether stop_fd ended the run.
  bool stopped() const { return phase_ == Phase::kStopped; }

 protected:
  struct Connection {
    Connection(const StreamShape& shape, std::size_t its_number, bool active)
        : number(its_number), is_active(active), stream(shape, its_number) {}

    const std::size_t number;
    const bool is_active;
    bool is_connecting = false;
    bool is_replacing = false;  // from the end of one to the next's outcome
    bool watches_write = false;
    UniqueFd fd;
    Stream stream;
  };

  // Messages completed by one recv.
  struct Echoes {
    std::size_t count;
    std::int64_t now;  // when they had come back
  };

  // Throws std::system_error when descriptors run short. What `plan` points to
  // must outlive the worker.
  explicit Worker(const WorkerPlan& plan);

  // The kind of traffic.

  // The warm-up begins: sends the first messages.
  virtual void Start() = 0;
  // `connection` has data, its end or an error, after the first message.
  virtual void OnReadable(Connection& connection) = 0;
  // A new connection is there. Default: it sends one message.
  virtual void OnConnected(Connection& connection);
  // A connection that is being opened has data, its end or an error. Default:
  // receives, and is opened by the first message.
  virtual void Greet(Connection& connection);
  // Whether messages of the window are still to be sent. Default: none.
  virtual bool has_more_to_send() const { return false; }
  // Waits for events and handles them. False when no peer has done what it
  // owes for the stall limit.
  virtual bool Turn();

  // Receives, verifies and counts what there is, once, and calls
  // on_echo(time sent, time now) for each message completed. A connection that
  // fails by this has no descriptor afterwards.
  template <typename OnEcho>
  Echoes Receive(Connection& connection, OnEcho on_echo) {
    const ssize_t received = system_call::Recv(
        connection.fd.get(), buffer_.data(), buffer_.size(), 0);
    if (received <= 0) {
      if (received == 0 || errno != EAGAIN) {
        OnEnd(connection, received < 0 ? errno : 0);
      }
      return {0, 0};
    }
    const std::int64_t now = MonotonicNs();
    if (now >= edge_time_) PassEdges(now);
    const auto size = static_cast<std::size_t>(received);
    std::size_t count = 0;
    const bool is_due = connection.stream.Receive(
        std::span(buffer_).first(size), [&](std::int64_t sent_at) {
          ++count;
          on_echo(sent_at, now);
        });
    if (!is_due) {
      OnMismatch(connection, size);
      return {0, now};
    }
    outstanding_ -= count;
    if (is_measuring()) tally_.half_messages[half_] += count;
    return {count, now};
  }

  // One of the connections that are being opened is so no longer: others
  // follow, or Connect comes to its end.
  void Opened();
  // Puts `messages` on the way to `connection` that another one sends.
  void Expect(Connection& connection, std::size_t messages, std::int64_t now);
  // Puts `messages` more on the way and sends what the socket takes.
  void Ask(Connection& connection, std::size_t messages, std::int64_t now);
  void Send(Connection& connection, std::int64_t now);
  // Opens `connection`'s socket.
  void StartConnect(Connection& connection);
  // At the end of the stream with `error` 0.
  void OnEnd(Connection& connection, int error);
  void OnMismatch(Connection& connection, std::size_t count);
  void Fail(Connection& connection, std::uint64_t LoadErrors::*counter,
            const std::string& what);

  // Handles the events of a wait that returned `count`.
  void DispatchAll(int count);
  // Where it waits, for a Turn of one's own.
  int epoll_fd() const { return epoll_.get(); }
  std::span<epoll_event> event_space() { return events_; }

  // Passes the edges of the window whose time has come.
  void PassEdges(std::int64_t now);

  bool is_opening() const { return phase_ == Phase::kConnecting; }
  bool is_measuring() const { return phase_ == Phase::kMeasuring; }
  // Whether new messages are to be sent.
  bool is_asking() const {
    return phase_ == Phase::kMeasuring || phase_ == Phase::kWarmingUp;
  }
  bool is_over() const;

  const WorkerPlan& plan() const { return plan_; }
  const Window& window() const { return window_; }
  std::size_t outstanding() const { return outstanding_; }
  std::vector<Connection>& connections() { return connections_; }
  std::size_t IndexOf(const Connection& connection) const {
    return static_cast<std::size_t>(&connection - connections_.data());
  }

  Tally tally_;
  std::size_t replacing_ = 0;  // connections that are is_replacing

 private:
  enum class Phase {
    kConnecting,
    kWarmingUp,
    kMeasuring,
    kDraining,
    kStopped,
  };
  // What happens at a given time, in this order.
  enum class Edge { kPrepare, kBegin, kMiddle, kEnd, kNone };

  void RunLoop();
  void EndWindow();
  void Stop();
  void Dispatch(const epoll_event& event);
  int TimeoutMs() const;

  void OpenMore();
  void OnConnectEnded(Connection& connection);
  void FailConnect(Connection& connection, std::error_code error);

  void WatchWrite(Connection& connection, bool watch);
  // False when it failed, and the connection with it.
  bool Register(int operation, Connection& connection, std::uint32_t events);
  void RegisterForever(int fd, std::uint64_t token);

  std::int64_t TimeOf(Edge edge) const;
  void SetNextEdge(Edge edge);
  void Pass(Edge edge);
  void OnStall();

  const WorkerPlan plan_;
  const StreamShape idle_shape_;  // room for the first message alone
  const UniqueFd epoll_;
  const UniqueFd timer_;
  ClientSocketFactory sockets_;
  std::vector<Connection> connections_;
  std::vector<std::byte> buffer_;
  std::array<epoll_event, 256> events_{};

  Phase phase_ = Phase::kConnecting;
  Edge edge_ = Edge::kNone;      // the next one
  std::int64_t edge_time_;       // its time
  std::size_t half_ = 0;         // of the window
  std::size_t started_ = 0;      // connections whose connect has begun
  std::size_t opening_ = 0;      // of them, those not yet greeted
  std::size_t live_active_ = 0;  // active connections that have not failed
  std::size_t outstanding_ = 0;  // messages on the way, all connections
  Window window_{};
  WindowProbe* probe_ = nullptr;
};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_WORKER_H_
