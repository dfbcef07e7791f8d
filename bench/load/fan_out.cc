#include "bench/load/fan_out.h"

#include <fmt/core.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace polymux::bench {
namespace {

// A server needs this long at most, as a rule, to take in a newcomer.
constexpr int kCallIntervalMs = 20;

constexpr int kCalls = 256;  // different bytes

}  // namespace

FanOut::FanOut(const WorkerPlan& its_plan)
    : Worker(its_plan),
      heard_(plan().active, -1),
      lacking_(plan().shape.depth) {
  // All receive what the first one sends.
  for (Connection& connection : connections()) {
    connection.stream = Stream(plan().shape, plan().first_connection);
  }
}

void FanOut::OnConnected(Connection& connection) {
  ++connected_;
  // The first one stays with those that are being opened until all have heard
  // its call.
  if (&connection != &connections().front()) Opened();
  if (connected_ == connections().size()) Call();
}

void FanOut::Call() {
  if (!is_calling()) called_since_ = MonotonicNs();
  const int next = (call_ + 1) % kCalls;
  const auto byte = static_cast<std::byte>(next);
  const ssize_t sent =
      system_call::Send(connections().front().fd.get(), &byte, 1, MSG_NOSIGNAL);
  if (sent != 1) return;  // the socket is full or broken, which it tells
  call_ = next;
  up_to_date_ = 0;
}

bool FanOut::Turn() {
  if (!is_opening() || !is_calling()) return Worker::Turn();
  const int count =
      epoll_wait(epoll_fd(), event_space().data(),
                 static_cast<int>(event_space().size()), kCallIntervalMs);
  DispatchAll(count);
  if (!is_opening() || count > 0) return true;
  if (MonotonicNs() - called_since_ >
      std::chrono::nanoseconds(plan().stall_limit).count()) {
    OnNobodyAnswers();
  } else {
    Call();
  }
  return true;
}

void FanOut::Greet(Connection& connection) {
  std::array<std::byte, kCalls> bytes;
  const ssize_t count =
      system_call::Recv(connection.fd.get(), bytes.data(), bytes.size(), 0);
  if (count <= 0) {
    if (count == 0 || errno != EAGAIN) OnEnd(connection, count < 0 ? errno : 0);
    return;
  }
  int& heard = heard_[IndexOf(connection)];
  for (const std::byte byte :
       std::span(bytes).first(static_cast<std::size_t>(count))) {
    const auto call = static_cast<int>(byte);
    if (!is_calling() || (heard >= 0 && call != (heard + 1) % kCalls)) {
      return Fail(connection, &LoadErrors::mismatch,
                  "received something else than connection 0 sent");
    }
    heard = call;
  }
  if (heard == call_ && ++up_to_date_ == connections().size()) Opened();
}

void FanOut::OnNobodyAnswers() {
  for (Connection& connection : connections()) {
    if (heard_[IndexOf(connection)] >= 0) continue;
    Fail(connection, &LoadErrors::short_echo,
         fmt::format("received nothing of what connection 0 sent for {} ms: "
                     "does the server send to all what one sends?",
                     plan().stall_limit.count()));
  }
}

void FanOut::Start() {
  for (std::size_t i = 0; i < plan().shape.depth; ++i) Publish(MonotonicNs());
}

void FanOut::Publish(std::int64_t now) {
  Connection& publisher = connections().front();
  if (!publisher.fd) return;
  std::size_t receivers = 1;
  for (Connection& connection : connections()) {
    if (&connection == &publisher || !connection.fd) continue;
    ++receivers;
    Expect(connection, 1, now);
  }
  lacking_[published_ % lacking_.size()] = receivers;
  ++published_;
  Ask(publisher, 1, now);
}

void FanOut::OnReadable(Connection& connection) {
  const std::size_t due = connection.stream.outstanding();
  const Echoes echoes =
      Receive(connection, [this](std::int64_t sent_at, std::int64_t now) {
        if (is_measuring()) {
          tally_.latency.Record(static_cast<std::uint64_t>(now - sent_at));
        }
      });
  // Nobody waits for one that has failed.
  const std::size_t count = connection.fd ? echoes.count : due;
  CountDelivered(published_ - due, count);
  while (complete_ < published_ && lacking_[complete_ % lacking_.size()] == 0) {
    ++complete_;
    if (is_asking()) Publish(connection.fd ? echoes.now : MonotonicNs());
  }
}

void FanOut::CountDelivered(std::uint64_t first, std::size_t count) {
  for (std::uint64_t message = first; message < first + count; ++message) {
    --lacking_[message % lacking_.size()];
  }
}

}  // namespace polymux::bench
