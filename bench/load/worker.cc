#include "bench/load/worker.h"

#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include <cerrno>
#include <limits>
#include <span>
#include <system_error>

#include "bench/load/clock.h"

namespace polymux::bench {
namespace {

// Handshakes and first echoes under way at once, within any usual backlog.
constexpr std::size_t kMaxOpening = 128;

// Tokens of the epoll set; below them, indexes of connections.
constexpr std::uint64_t kTimerToken = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kStopToken = kTimerToken - 1;

UniqueFd CheckedFd(int fd, const char* what) {
  if (fd < 0) throw std::system_error(errno, std::system_category(), what);
  return UniqueFd(fd);
}

std::string DescribeError(int error) {
  return std::error_code(error, std::system_category()).message();
}

// Whether the connection `i` of `total` is one of the `chosen` that are spread
// evenly among them.
bool IsChosen(std::size_t i, std::size_t chosen, std::size_t total) {
  return (i + 1) * chosen / total != i * chosen / total;
}

}  // namespace

Worker::Worker(const WorkerPlan& plan)
    : plan_(plan),
      epoll_(CheckedFd(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      timer_(
          CheckedFd(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
                    "timerfd_create")),
      sockets_(plan.target),
      buffer_(Pattern::kWindow),
      live_active_(plan.active) {
  RegisterForever(timer_.get(), kTimerToken);
  RegisterForever(plan_.stop_fd, kStopToken);
  const std::size_t total = plan_.active + plan_.idle;
  connections_.reserve(total);
  for (std::size_t i = 0; i < total; ++i) {
    connections_.emplace_back(plan_.shape, plan_.first_connection + i,
                              IsChosen(i, plan_.active, total));
  }
}

Worker::~Worker() = default;

void Worker::Connect() {
  OpenMore();
  RunLoop();
}

void Worker::Exchange(const Window& window, WindowProbe* probe) {
  phase_ = Phase::kWarmingUp;
  window_ = window;
  probe_ = probe;
  SetTimer(window_.begin);
  for (Connection& connection : connections_) {
    if (connection.is_active) {
      Ask(connection, plan_.shape.depth, MonotonicNs());
    }
  }
  RunLoop();
  if (phase_ == Phase::kMeasuring && probe_ != nullptr) probe_->End();
}

bool Worker::IsOver() const {
  switch (phase_) {
    case Phase::kConnecting:
      return errors_.Any() ||
             (opening_ == 0 && started_ == connections_.size());
    case Phase::kWarmingUp:
    case Phase::kMeasuring:
      return live_active_ == 0 && plan_.active != 0;
    case Phase::kDraining:
      return outstanding_ == 0;
    case Phase::kStopped:
      return true;
  }
  return true;
}

void Worker::RunLoop() {
  while (!IsOver()) {
    const int count = epoll_wait(epoll_.get(), events_.data(),
                                 static_cast<int>(events_.size()), TimeoutMs());
    if (count == 0) return OnStall();
    for (int i = 0; i < count; ++i) {
      Dispatch(events_[static_cast<std::size_t>(i)]);
    }
  }
}

void Worker::Dispatch(const epoll_event& event) {
  if (event.data.u64 == kTimerToken) return OnTimer();
  if (event.data.u64 == kStopToken) {
    phase_ = Phase::kStopped;
    return;
  }
  Connection& connection = connections_[event.data.u64];
  if (connection.is_connecting) return OnConnectEnded(connection);
  if ((event.events & EPOLLOUT) != 0) Send(connection, MonotonicNs());
  if (!connection.fd) return;  // failed in Send
  if ((event.events & ~std::uint32_t{EPOLLOUT}) != 0) OnReadable(connection);
}

int Worker::TimeoutMs() const {
  const bool waits_for_peer = phase_ == Phase::kConnecting || outstanding_ != 0;
  return waits_for_peer ? static_cast<int>(plan_.stall_limit.count()) : -1;
}

void Worker::OpenMore() {
  while (opening_ < kMaxOpening && started_ < connections_.size() &&
         !errors_.Any()) {
    Open(connections_[started_++]);
  }
}

void Worker::Open(Connection& connection) {
  std::error_code error;
  connection.fd = sockets_.StartConnect(error);
  if (error) {
    return Fail(connection, &LoadErrors::connect, error.message());
  }
  ++opening_;
  connection.is_connecting = true;
  Register(EPOLL_CTL_ADD, connection, EPOLLOUT);
}

void Worker::OnConnectEnded(Connection& connection) {
  connection.is_connecting = false;
  const std::error_code error = ConnectOutcome(connection.fd.get());
  if (error) {
    return Fail(connection, &LoadErrors::connect, error.message());
  }
  if (Register(EPOLL_CTL_MOD, connection, EPOLLIN)) {
    Ask(connection, 1, MonotonicNs());
  }
}

void Worker::OnGreeted() {
  --opening_;
  OpenMore();
}

void Worker::Ask(Connection& connection, std::size_t messages,
                 std::int64_t now) {
  outstanding_ += messages;
  connection.stream.Ask(messages);
  Send(connection, now);
}

void Worker::Send(Connection& connection, std::int64_t now) {
  Stream& stream = connection.stream;
  for (auto bytes = stream.ToSend(); !bytes.empty(); bytes = stream.ToSend()) {
    const ssize_t sent =
        send(connection.fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return OnEnd(connection, errno);
    const std::size_t count = sent < 0 ? 0 : static_cast<std::size_t>(sent);
    stream.Sent(count, now);
    if (count < bytes.size()) return WatchWrite(connection, true);
  }
  WatchWrite(connection, false);
}

void Worker::OnReadable(Connection& connection) {
  const ssize_t received =
      recv(connection.fd.get(), buffer_.data(), buffer_.size(), 0);
  if (received <= 0) {
    if (received < 0 && errno == EAGAIN) return;
    return OnEnd(connection, received < 0 ? errno : 0);
  }
  const std::int64_t now = MonotonicNs();
  const auto count = static_cast<std::size_t>(received);
  const bool measures = phase_ == Phase::kMeasuring;
  std::size_t echoes = 0;
  const bool is_due = connection.stream.Receive(
      std::span(buffer_).first(count), [&](std::int64_t sent_at) {
        ++echoes;
        if (measures) {
          latency_.Record(static_cast<std::uint64_t>(now - sent_at));
        }
      });
  if (!is_due) return OnMismatch(connection, count);
  if (echoes == 0) return;
  outstanding_ -= echoes;
  if (phase_ == Phase::kConnecting) return OnGreeted();
  if (phase_ != Phase::kDraining) Ask(connection, echoes, now);
}

void Worker::WatchWrite(Connection& connection, bool watch) {
  if (connection.watches_write == watch) return;
  connection.watches_write = watch;
  Register(EPOLL_CTL_MOD, connection,
           watch ? std::uint32_t{EPOLLIN} | EPOLLOUT : EPOLLIN);
}

bool Worker::Register(int operation, Connection& connection,
                      std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 =
      static_cast<std::uint64_t>(&connection - connections_.data());
  if (epoll_ctl(epoll_.get(), operation, connection.fd.get(), &event) == 0) {
    return true;
  }
  Fail(connection, &LoadErrors::connect, "epoll_ctl: " + DescribeError(errno));
  return false;
}

void Worker::RegisterForever(int fd, std::uint64_t token) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = token;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    throw std::system_error(errno, std::system_category(), "epoll_ctl");
  }
}

void Worker::OnTimer() {
  switch (phase_) {
    case Phase::kWarmingUp:
      SetTimer(window_.end);
      if (probe_ != nullptr) probe_->Begin();
      phase_ = Phase::kMeasuring;
      return;
    case Phase::kMeasuring:
      if (probe_ != nullptr) probe_->End();
      SetTimer(0);
      phase_ = Phase::kDraining;
      return;
    default:
      return;
  }
}

void Worker::SetTimer(std::int64_t at) {
  itimerspec time{};
  time.it_value.tv_sec = at / 1'000'000'000;
  time.it_value.tv_nsec = at % 1'000'000'000;
  timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &time, nullptr);
}

void Worker::OnStall() {
  const auto limit = plan_.stall_limit.count();
  for (Connection& connection : connections_) {
    if (!connection.fd) continue;
    if (connection.is_connecting) {
      Fail(connection, &LoadErrors::connect,
           fmt::format("no answer for {} ms", limit));
    } else if (connection.stream.outstanding() != 0) {
      Fail(connection, &LoadErrors::short_echo,
           fmt::format("no echo for {} ms, {} bytes are missing", limit,
                       connection.stream.missing()));
    }
  }
}

void Worker::OnMismatch(Connection& connection, std::size_t count) {
  const std::size_t good =
      connection.stream.MatchingPrefix(std::span(buffer_).first(count));
  const std::uint64_t position = connection.stream.received() + good;
  const bool was_sent = good < connection.stream.missing();
  Fail(connection, &LoadErrors::mismatch,
       was_sent
           ? fmt::format("byte {} came back wrong", position)
           : fmt::format("more came back than the {} bytes sent", position));
}

void Worker::OnEnd(Connection& connection, int error) {
  const Stream& stream = connection.stream;
  const std::string how =
      error == 0 ? "closed by the server" : "broken: " + DescribeError(error);
  const std::size_t part = stream.received_of_message();
  if (part != 0) {
    Fail(connection, &LoadErrors::short_echo,
         fmt::format("{} after {} of {} bytes of a message came back", how,
                     part, plan_.shape.message_size));
  } else {
    Fail(connection, &LoadErrors::closed,
         fmt::format("{}, {} bytes not echoed", how, stream.missing()));
  }
}

void Worker::Fail(Connection& connection, std::uint64_t LoadErrors::*counter,
                  const std::string& what) {
  errors_.Add(counter,
              fmt::format("connection {}: {}", connection.number, what));
  outstanding_ -= connection.stream.outstanding();
  if (connection.is_active) --live_active_;
  connection.fd.Reset();
}

}  // namespace polymux::bench
