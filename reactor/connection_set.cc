#include "reactor/connection_set.h"

#include <utility>
#include <vector>

#include "poller/check.h"
#include "reactor/event_loop.h"

namespace polymux {

ConnectionSet::ConnectionSet(EventLoop* loop,
                             const Connection::Options* options, OnGone on_gone)
    : loop_(loop),
      options_(options),
      on_gone_(std::move(on_gone)),
      deadlines_(loop, options->timeouts),
      release_([this](Connection& connection) { Remove(connection); }) {}

ConnectionSet::~ConnectionSet() {
  POLYMUX_CHECK(connections_.empty(), "connections outlive their set");
}

void ConnectionSet::Add(Socket socket, const InetAddress& peer) {
  loop_->AssertInLoopThread();
  if (draining_) {
    ++loop_->counters().closes;
    return on_gone_(peer);
  }
  std::shared_ptr<Connection> connection;
  try {
    connection = std::make_shared<Connection>(loop_, std::move(socket), peer,
                                              options_, &release_, &deadlines_);
    // Before Establish, whose callback may already close it.
    connections_.emplace(connection.get(), connection);
  } catch (...) {
    // Out of memory.
    loop_->TellException();
    return on_gone_(peer);
  }
  if (connection->Establish()) {
    ++loop_->counters().closes;
    ++loop_->counters().rejected_descriptors;
    Remove(*connection);
  }
}

void ConnectionSet::Drain(std::function<void()> on_empty) {
  loop_->AssertInLoopThread();
  draining_ = true;
  if (connections_.empty()) return on_empty();
  on_empty_ = std::move(on_empty);
  // Shutdown calls nothing back.
  for (const auto& [key, connection] : connections_) connection->Shutdown();
}

void ConnectionSet::CloseAll() {
  loop_->AssertInLoopThread();
  draining_ = true;
  // From a copy: their callbacks may close others, or this again.
  std::vector<std::shared_ptr<Connection>> all;
  all.reserve(connections_.size());
  for (const auto& [key, connection] : connections_) all.push_back(connection);
  for (const auto& connection : all) connection->Terminate();
}

void ConnectionSet::Remove(Connection& connection) {
  const InetAddress peer = connection.peer();
  connections_.erase(&connection);
  on_gone_(peer);
  if (connections_.empty() && on_empty_) std::exchange(on_empty_, nullptr)();
}

}  // namespace polymux
