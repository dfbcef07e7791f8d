#ifndef POLYMUX_BENCH_LOAD_WORKER_H_
#define POLYMUX_BENCH_LOAD_WORKER_H_

#include <sys/epoll.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/load/client_socket.h"
#include "bench/load/histogram.h"
#include "bench/load/load_errors.h"
#include "bench/load/stream.h"
#include "bench/load/window_probe.h"
#include "reactor/unique_fd.h"

namespace polymux::bench {

// The connections of one worker and what it needs to drive them.
struct WorkerPlan {
  Endpoint target;
  StreamShape shape;
  std::size_t first_connection;  // number of its first connection in the run
  std::size_t active;
  std::size_t idle;
  int stop_fd;  // readable once the run is to be given up; never read
  std::chrono::milliseconds stall_limit;
};

// When to measure, in monotonic nanoseconds.
struct Window {
  std::int64_t begin;
  std::int64_t end;
};

// Drives connections in closed loop on an epoll set of its own: each active
// one keeps `depth` messages on the way. Made to cost little, for what it costs
// is part of what it measures:
// - one recv and one send for all messages of a connection that are ready;
// - data is sent from and compared with the pattern where it lies;
// - one clock reading per recv: the time at which the messages that it
//   completed came back, and at which those that replace them are sent (the
//   comparison of the last 64 KiB in between counts as latency);
// - level-triggered, registered once for reading; writing is watched only
//   while the socket is full.
//
// Used by one thread at a time. Failures of connections are collected in
// errors(), and the others go on.
class Worker {
 public:
  // Throws std::system_error when descriptors run short. What `plan` points to
  // must outlive the worker.
  explicit Worker(const WorkerPlan& plan);
  ~Worker();

  // Opens the connections; ends when each has sent one message and had it
  // back, so that all of them are known to be accepted and served. Ends early
  // at the first failure.
  void Connect();

  // Exchanges messages until `window` has passed and nothing is on the way.
  // Ends early when no active connection is left. `probe`, when not null, is
  // told of the window's edges. REQUIRES: Connect came to its end unfailed.
  void Exchange(const Window& window, WindowProbe* probe);

  // Messages whose echo was completed inside the window, and their latencies.
  const Histogram& latency() const { return latency_; }
  const LoadErrors& errors() const { return errors_; }

  // Whether stop_fd ended the run.
  bool stopped() const { return phase_ == Phase::kStopped; }

 private:
  enum class Phase {
    kConnecting,
    kWarmingUp,
    kMeasuring,
    kDraining,
    kStopped,
  };

  struct Connection {
    Connection(const StreamShape& shape, std::size_t its_number, bool active)
        : number(its_number), is_active(active), stream(shape, its_number) {}

    const std::size_t number;
    const bool is_active;
    bool is_connecting = false;
    bool watches_write = false;
    UniqueFd fd;
    Stream stream;
  };

  bool IsOver() const;
  void RunLoop();
  void Dispatch(const epoll_event& event);
  int TimeoutMs() const;

  void OpenMore();
  void Open(Connection& connection);
  void OnConnectEnded(Connection& connection);
  void OnGreeted();

  void Ask(Connection& connection, std::size_t messages, std::int64_t now);
  void Send(Connection& connection, std::int64_t now);
  void OnReadable(Connection& connection);
  void WatchWrite(Connection& connection, bool watch);
  // False when it failed, and the connection with it.
  bool Register(int operation, Connection& connection, std::uint32_t events);
  void RegisterForever(int fd, std::uint64_t token);

  void OnTimer();
  void SetTimer(std::int64_t at);
  void OnStall();

  void OnMismatch(Connection& connection, std::size_t count);
  void OnEnd(Connection& connection, int error);
  void Fail(Connection& connection, std::uint64_t LoadErrors::*counter,
            const std::string& what);

  const WorkerPlan plan_;
  const UniqueFd epoll_;
  const UniqueFd timer_;
  ClientSocketFactory sockets_;
  std::vector<Connection> connections_;
  std::vector<std::byte> buffer_;
  std::array<epoll_event, 256> events_{};

  Phase phase_ = Phase::kConnecting;
  std::size_t started_ = 0;      // connections whose connect has begun
  std::size_t opening_ = 0;      // of them, those not yet greeted
  std::size_t live_active_ = 0;  // active connections that have not failed
  std::size_t outstanding_ = 0;  // messages on the way, all connections
  Window window_{};
  WindowProbe* probe_ = nullptr;

  Histogram latency_;
  LoadErrors errors_;
};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_WORKER_H_
