#ifndef POLYMUX_REACTOR_TCP_SERVER_H_
#define POLYMUX_REACTOR_TCP_SERVER_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "reactor/acceptor.h"
#include "reactor/connection_set.h"
#include "reactor/event_loop.h"
#include "reactor/loop_thread.h"
#include "reactor/peer_limit.h"
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
  };
  struct LoopReport {
    std::string name;  // "main", "io-0", ...
    std::vector<Counter> counters;
  };

  // Opens the listening socket and starts the sub-loops, on `backend`. Throws
  // std::system_error when the address cannot be had or the kernel refuses,
  // std::invalid_argument when the options contradict each other
  // (CheckOptions).
  // `loop` and `backend` must outlive the server.
  TcpServer(EventLoop* loop, const Backend& backend, Options options);
  // Closes every connection, calling its on_close, and joins the sub-loops: no
  // loop ends before the last callback of all, which may still post to any. A
  // Stop in progress ends without a word.
  ~TcpServer();

  // The address that is listened on, with the real port.
  InetAddress address() const { return acceptors_.front()->address(); }

  // Accepts from now on. Throws std::system_error when the main loop cannot
  // watch the listener; a sub-loop tells on_error.
  void Start();

  // Accepts what is queued and no more, stops reading, lets pending output out
  // for at most drain_timeout, closes all connections, then calls `on_stopped`.
  // The counters tell what became of the connections: of those opened, lost is
  // how many were closed with output pending. A second call is ignored.
  void Stop(std::function<void()> on_stopped);

  // Asks every loop for its counters, the main loop's first; `on_reports` runs
  // in the main loop when all have answered, which each does between two
  // batches.
  void CollectCounters(
      std::function<void(const std::vector<LoopReport>&)> on_reports);

  // Accepted and not yet gone. Any thread.
  std::size_t connections() const { return placement_.total(); }

 private:
  // A Stop in progress. Held by the server alone: what the sets report after
  // its end finds nothing.
  struct Stopping {
    std::size_t sets_left;
    TimerId deadline;
    std::function<void()> on_stopped;
  };

  void AddThread(const Backend& backend, std::size_t index);
  // Tells on_error, if there is one. Any thread.
  void Report(const std::string& what, std::error_code error) const;
  // Of a sub-loop.
  void OnLoopFailed(std::size_t index);
  void AddAcceptor(EventLoop* loop, Socket listener);
  // Runs the function for each acceptor in the thread of its loop.
  void RunForEachAcceptor(
      const std::function<void(std::unique_ptr<Acceptor>&)>& function);
  void OnAccept(std::size_t acceptor, Socket socket, const InetAddress& peer);
  void OnSetEmpty();
  // Runs the function for each set in the thread of its loop.
  void RunForEachSet(const std::function<void(ConnectionSet&)>& function);

  // Constant after construction.
  EventLoop* const loop_;
  const Options options_;

  // As told there.
  Placement placement_;
  PeerLimit peers_;

  // Main loop's thread; what is in a set, and an acceptor, their own loop's
  // thread.
  std::shared_ptr<Stopping> stopping_;
  // For tasks in the main loop that may come too late.
  const std::shared_ptr<char> alive_ = std::make_shared<char>();
  std::vector<std::unique_ptr<ConnectionSet>> sets_;  // one for each loop
  // One for the main loop; under kReusePort one for each set, same index.
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  // After those, for the threads end first.
  std::vector<std::unique_ptr<LoopThread>> threads_;
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_TCP_SERVER_H_
