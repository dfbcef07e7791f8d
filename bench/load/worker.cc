#include "bench/load/worker.h"

#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include <limits>
#include <system_error>

namespace polymux::bench {
namespace {

// Handshakes and first echoes under way at once, within any usual backlog.
constexpr std::size_t kMaxOpening = 128;

// Tokens of the epoll set; below them, indexes of connections.
constexpr std::uint64_t kTimerToken = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kStopToken = kTimerToken - 1;

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

// How long before the window the probe makes its slow readings: they take some
// 100 us, in which nothing is sent or received.
constexpr std::int64_t kPreparation = 1'000'000;

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
      idle_shape_{plan.shape.pattern, plan.shape.message_size, 1},
      epoll_(CheckedFd(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      timer_(
          CheckedFd(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK),
                    "timerfd_create")),
      sockets_(plan.target),
      buffer_(Pattern::kWindow),
      edge_time_(kNever),
      live_active_(plan.active) {
  RegisterForever(timer_.get(), kTimerToken);
  RegisterForever(plan_.stop_fd, kStopToken);
  const std::size_t total = plan_.active + plan_.idle;
  connections_.reserve(total);
  for (std::size_t i = 0; i < total; ++i) {
    const bool is_active = IsChosen(i, plan_.active, total);
    connections_.emplace_back(is_active ? plan_.shape : idle_shape_,
                              plan_.first_connection + i, is_active);
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
  SetNextEdge(Edge::kPrepare);
  Start();
  RunLoop();
  EndWindow();
}

// When it comes to an end before its time.
void Worker::EndWindow() {
  if (is_measuring() && probe_ != nullptr) probe_->End();
}

void Worker::Stop() {
  EndWindow();
  phase_ = Phase::kStopped;
}

bool Worker::is_over() const {
  switch (phase_) {
    case Phase::kConnecting:
      return tally_.errors.Any() ||
             (opening_ == 0 && started_ == connections_.size());
    case Phase::kWarmingUp:
    case Phase::kMeasuring:
      return live_active_ == 0 && plan_.active != 0;
    case Phase::kDraining:
      return outstanding_ == 0 && replacing_ == 0 && !has_more_to_send();
    case Phase::kStopped:
      return true;
  }
  return true;
}

void Worker::RunLoop() {
  while (!is_over()) {
    if (!Turn()) return OnStall();
  }
}

bool Worker::Turn() {
  const int count = epoll_wait(epoll_.get(), events_.data(),
                               static_cast<int>(events_.size()), TimeoutMs());
  DispatchAll(count);
  return count != 0;
}

void Worker::DispatchAll(int count) {
  for (int i = 0; i < count; ++i) {
    Dispatch(events_[static_cast<std::size_t>(i)]);
  }
}

void Worker::Dispatch(const epoll_event& event) {
  if (event.data.u64 == kTimerToken) return PassEdges(MonotonicNs());
  if (event.data.u64 == kStopToken) return Stop();
  Connection& connection = connections_[event.data.u64];
  if (connection.is_connecting) return OnConnectEnded(connection);
  if ((event.events & EPOLLOUT) != 0) Send(connection, MonotonicNs());
  if (!connection.fd) return;  // failed in Send
  if ((event.events & ~std::uint32_t{EPOLLOUT}) == 0) return;
  if (is_opening()) {
    Greet(connection);
  } else {
    OnReadable(connection);
  }
}

int Worker::TimeoutMs() const {
  const bool waits_for_peer =
      is_opening() || outstanding_ != 0 || replacing_ != 0;
  return waits_for_peer ? static_cast<int>(plan_.stall_limit.count()) : -1;
}

void Worker::OpenMore() {
  while (opening_ < kMaxOpening && started_ < connections_.size() &&
         !tally_.errors.Any()) {
    ++opening_;
    StartConnect(connections_[started_++]);
  }
}

void Worker::StartConnect(Connection& connection) {
  std::error_code error;
  connection.fd = sockets_.StartConnect(error);
  if (error) return FailConnect(connection, error);
  connection.is_connecting = true;
  Register(EPOLL_CTL_ADD, connection, EPOLLOUT);
}

void Worker::OnConnectEnded(Connection& connection) {
  connection.is_connecting = false;
  const std::error_code error = ConnectOutcome(connection.fd.get());
  if (error) return FailConnect(connection, error);
  if (Register(EPOLL_CTL_MOD, connection, EPOLLIN)) OnConnected(connection);
}

void Worker::FailConnect(Connection& connection, std::error_code error) {
  Fail(connection, &LoadErrors::connect,
       plan_.target.ToString() + ": " + error.message());
}

void Worker::OnConnected(Connection& connection) {
  Ask(connection, 1, MonotonicNs());
}

void Worker::Greet(Connection& connection) {
  const Echoes echoes = Receive(connection, [](std::int64_t, std::int64_t) {});
  if (echoes.count != 0) Opened();
}

void Worker::Opened() {
  --opening_;
  OpenMore();
}

void Worker::Expect(Connection& connection, std::size_t messages,
                    std::int64_t now) {
  outstanding_ += messages;
  Stream& stream = connection.stream;
  stream.Ask(messages);
  for (std::size_t count = stream.ToSend().size(); count != 0;
       count = stream.ToSend().size()) {
    stream.Sent(count, now);
  }
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
    const ssize_t sent = system_call::Send(connection.fd.get(), bytes.data(),
                                           bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return OnEnd(connection, errno);
    const std::size_t count = sent < 0 ? 0 : static_cast<std::size_t>(sent);
    stream.Sent(count, now);
    if (count < bytes.size()) return WatchWrite(connection, true);
  }
  WatchWrite(connection, false);
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

std::int64_t Worker::TimeOf(Edge edge) const {
  switch (edge) {
    case Edge::kPrepare:
      return window_.begin - kPreparation;
    case Edge::kBegin:
      return window_.begin;
    case Edge::kMiddle:
      return window_.begin + (window_.end - window_.begin) / 2;
    case Edge::kEnd:
      return window_.end;
    case Edge::kNone:
      break;
  }
  return kNever;
}

void Worker::SetNextEdge(Edge edge) {
  edge_ = edge;
  edge_time_ = TimeOf(edge);
  itimerspec time{};  // zero: no timer
  if (edge != Edge::kNone) {
    time.it_value.tv_sec = edge_time_ / 1'000'000'000;
    time.it_value.tv_nsec = edge_time_ % 1'000'000'000;
  }
  timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &time, nullptr);
}

void Worker::PassEdges(std::int64_t now) {
  while (now >= edge_time_ && !stopped()) {
    Pass(edge_);
    SetNextEdge(static_cast<Edge>(static_cast<int>(edge_) + 1));
  }
}

void Worker::Pass(Edge edge) {
  switch (edge) {
    case Edge::kPrepare:
      if (probe_ != nullptr) probe_->Prepare();
      return;
    case Edge::kBegin:
      if (probe_ != nullptr) probe_->Begin();
      phase_ = Phase::kMeasuring;
      return;
    case Edge::kMiddle:
      if (probe_ != nullptr) probe_->Middle();
      half_ = 1;
      return;
    case Edge::kEnd:
      if (probe_ != nullptr) probe_->End();
      phase_ = Phase::kDraining;
      return;
    case Edge::kNone:
      return;
  }
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
    } else if (connection.is_replacing) {
      Fail(connection, &LoadErrors::short_echo,
           fmt::format("not closed for {} ms after we had ended it", limit));
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
  tally_.errors.Add(counter,
                    fmt::format("connection {}: {}", connection.number, what));
  outstanding_ -= connection.stream.outstanding();
  if (connection.is_active) --live_active_;
  if (connection.is_replacing) --replacing_;
  connection.is_replacing = false;
  connection.fd.Reset();
}

}  // namespace polymux::bench
