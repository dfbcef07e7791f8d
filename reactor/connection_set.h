#ifndef POLYMUX_REACTOR_CONNECTION_SET_H_
#define POLYMUX_REACTOR_CONNECTION_SET_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <unordered_map>

#include "reactor/connection.h"

namespace polymux {

// The connections of one loop: owns them from the accept to the close. No lock
// guards it, since only its loop's thread touches it.
//
// A callback of its connections may end it: by CloseAll, then ReleaseLater.
class ConnectionSet {
 public:
  using OnGone = std::function<void(const InetAddress& peer)>;

  // `on_gone` is called, in the loop's thread, for each socket given to Add
  // once it has left the set or could not be taken. The loop and `options` must
  // outlive the set.
  ConnectionSet(EventLoop* loop, const Connection::Options* options,
                OnGone on_gone);
  // REQUIRES: empty; the loop's thread.
  ~ConnectionSet();

  // Makes a connection of the socket and establishes it. One that the backend
  // cannot watch is closed and counted (rejected_descriptors); one that comes
  // after Drain is closed.
  void Add(Socket socket, const InetAddress& peer);

  // Lets each connection send what it has pending and close. `on_empty` is
  // called once, when none is left; at once when there is none.
  void Drain(std::function<void()> on_empty);

  // Closes all now, without sending what is pending, and takes no more. Only
  // connections whose on_close is calling this leave the set afterwards.
  void CloseAll();

  EventLoop* loop() const { return loop_; }
  std::size_t size() const { return connections_.size(); }

 private:
  void Remove(Connection& connection);

  EventLoop* const loop_;
  const Connection::Options* const options_;
  const OnGone on_gone_;
  ConnectionDeadlines deadlines_;
  const Connection::Release release_;
  std::unordered_map<const Connection*, std::shared_ptr<Connection>>
      connections_;
  bool draining_ = false;
  std::function<void()> on_empty_;  // while draining
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_CONNECTION_SET_H_
