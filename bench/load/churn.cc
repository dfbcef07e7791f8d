#include "bench/load/churn.h"

#include <sys/socket.h>

#include <algorithm>

namespace polymux::bench {

Churn::Churn(const WorkerPlan& plan, std::size_t messages_per_connection)
    : Worker(plan),
      messages_per_connection_(messages_per_connection),
      lives_(plan.active + plan.idle) {}

void Churn::Start() {
  for (Connection& connection : connections()) {
    if (connection.is_active) BeginLife(connection, MonotonicNs());
  }
}

void Churn::BeginLife(Connection& connection, std::int64_t now) {
  Life& life = lives_[IndexOf(connection)];
  life.to_ask = messages_per_connection_;
  life.to_come = messages_per_connection_;
  AskUpTo(connection, plan().shape.depth, now);
}

void Churn::AskUpTo(Connection& connection, std::size_t messages,
                    std::int64_t now) {
  Life& life = lives_[IndexOf(connection)];
  const std::size_t count = std::min(messages, life.to_ask);
  life.to_ask -= count;
  if (count != 0) Ask(connection, count, now);
}

void Churn::OnReadable(Connection& connection) {
  if (connection.is_replacing) return AwaitEnd(connection);
  const Echoes echoes =
      Receive(connection, [this](std::int64_t sent_at, std::int64_t now) {
        if (is_measuring()) {
          tally_.latency.Record(static_cast<std::uint64_t>(now - sent_at));
        }
      });
  if (echoes.count == 0) return;
  Life& life = lives_[IndexOf(connection)];
  life.to_come -= echoes.count;
  if (!is_asking()) return;
  if (life.to_come == 0) return End(connection);
  AskUpTo(connection, echoes.count, echoes.now);
}

void Churn::End(Connection& connection) {
  connection.is_replacing = true;
  ++replacing_;
  shutdown(connection.fd.get(), SHUT_WR);
}

void Churn::AwaitEnd(Connection& connection) {
  std::byte byte{};
  const ssize_t count =
      system_call::Recv(connection.fd.get(), &byte, 1, MSG_PEEK);
  if (count == 0) return Reopen(connection);
  // Whatever else is there is wrong, and Receive tells what it is.
  Receive(connection, [](std::int64_t, std::int64_t) {});
}

void Churn::Reopen(Connection& connection) {
  connection.fd.Reset();
  if (is_asking()) {
    lives_[IndexOf(connection)].connect_began = MonotonicNs();
    return StartConnect(connection);
  }
  connection.is_replacing = false;
  --replacing_;
}

void Churn::OnConnected(Connection& connection) {
  if (is_opening()) return Worker::OnConnected(connection);
  connection.is_replacing = false;
  --replacing_;
  const std::int64_t now = MonotonicNs();
  PassEdges(now);
  if (is_measuring()) {
    tally_.connect.Record(static_cast<std::uint64_t>(
        now - lives_[IndexOf(connection)].connect_began));
  }
  if (is_asking()) BeginLife(connection, now);
}

}  // namespace polymux::bench
