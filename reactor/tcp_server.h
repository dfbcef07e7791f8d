#ifndef POLYMUX_REACTOR_TCP_SERVER_H_
#define POLYMUX_REACTOR_TCP_SERVER_H_

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "reactor/acceptor.h"
#include "reactor/connection_set.h"
#include "reactor/event_loop.h"
#include "reactor/placement.h"

namespace polymux {

// A TCP server over one main loop, which accepts, and any number of sub-loops,
// each in a thread of its own, which serve the connections in turn. With none
// the main loop does everything.
//
// A connection is created by the thread that serves it: the acceptor hands over
// the socket, nothing else. Under Strategy::kReusePort each sub-loop accepts
// for itself, and other processes of the same user may listen on the same
// address.
//
// When a sub-loop fails (its wait gives an error), its connections are closed
// and the others serve what comes from then on; with none left, connections are
// accepted and closed at once, counted as rejected_limit.
//
// Lifetimes. Whatever runs in the main loop's thread may destroy the server:
// with reactors = 0 any callback of a connection, on_open and on_close
// included, else those of Stop and CollectCounters, on_error, tasks and timers.
// What runs in a sub-loop cannot, for it would wait for its own thread: it has
// the main loop Stop the server.
//
// Thread: the main loop's, unless said otherwise.
class TcpServer {
 public:
  struct Options {
    InetAddress address;
    Socket::ListenOptions listen;
    int reactors = 1;  // sub-loops
    Strategy strategy = Strategy::kRoundRobin;
    // More are accepted and closed at once, counted as rejected_limit.
    std::size_t max_connections = 10'000;
    // Connections of one address at the same time, see PeerLimit; zero is no
    // limit. More are closed at once, counted as rejected_peer_limit.
    std::size_t max_connections_per_ip = 0;
    // Connections that one wake-up takes before the others have their turn.
    int max_accepts_per_event = Acceptor::kMaxPerEvent;
    // How long Stop waits for pending output to be taken.
    Duration drain_timeout = std::chrono::seconds(5);
    Connection::Options connection;
    // Told when a part of the server has failed for good: `what` is "accepting"
    // or the name of a loop. Runs in the thread concerned. May be empty.
    std::function<void(const std::string& what, std::error_code)> on_error;
    // The on_exception of the sub-loops, if not empty. Runs in their threads;
    // that of the main loop is the loop's own.
    std::function<void(std::exception_ptr)> on_exception;
  };
  struct LoopReport {
    std::string name;  // "main", "io-0", ...
    std::vector<Counter> counters;
  };

  // Opens the listening socket and starts the sub-loops, on the backend of
  // `loop` or on another one. Throws std::system_error when the address cannot
  // be had or the kernel refuses, std::invalid_argument when the connection's
  // options contradict each other (CheckOptions). `loop` and `sub_loops` must
  // outlive the server.
  TcpServer(EventLoop* loop, Options options);
  TcpServer(EventLoop* loop, const Backend& sub_loops, Options options);
  TcpServer(const TcpServer&) = delete;
  TcpServer& operator=(const TcpServer&) = delete;
  // Closes every connection, calling its on_close, and joins the sub-loops: no
  // loop ends before the last callback of all, which may still post to any. A
  // Stop or CollectCounters in progress ends without a word. Aborts in another
  // thread than the main loop's.
  ~TcpServer();

  // The address that is listened on, with the real port.
  InetAddress address() const;

  // Accepts from now on. Throws std::system_error when there is no descriptor
  // for even one connection or the main loop cannot watch the listener; a
  // sub-loop tells on_error.
  void Start();

  // Accepts what is queued and no more, stops reading, lets pending output out
  // for at most drain_timeout, closes all connections, then calls `on_stopped`.
  // The counters tell what became of the connections: of those opened, lost is
  // how many were closed with output pending. A second call is ignored.
  void Stop(std::function<void()> on_stopped);

  // Asks every loop for its counters, the main loop's first; `on_reports` runs
  // in the main loop when all have answered, which each does between two
  // batches. Without sub-loops that is at once.
  void CollectCounters(
      std::function<void(const std::vector<LoopReport>&)> on_reports);

  // Accepted and not yet gone. Any thread.
  std::size_t connections() const;

 private:
  // All of it. Outlives the server until the end of the main loop's iteration,
  // for the server may be destroyed with any of its functions on the stack.
  class Core;

  const std::shared_ptr<Core> core_;
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_TCP_SERVER_H_
