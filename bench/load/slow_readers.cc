#include "bench/load/slow_readers.h"

#include <fmt/core.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <system_error>

#include "bench/load/clock.h"
#include "reactor/system_calls.h"

namespace polymux::bench {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTick{10};
constexpr std::size_t kBytesPerTick = 1024;

// Small messages are sent many at a time, so that few send times are kept.
constexpr std::size_t kMinimumSize = std::size_t{16} << 10;
// More than the buffers of both sockets and the server hold.
constexpr std::size_t kMaxOnTheWay = std::size_t{64} << 20;

StreamShape ShapeFor(const SlowReadersPlan& plan) {
  const std::size_t size = plan.message_size;
  const std::size_t messages =
      std::max<std::size_t>(1, (kMinimumSize + size - 1) / size);
  const std::size_t depth =
      std::max<std::size_t>(2, kMaxOnTheWay / (messages * size));
  return {plan.pattern, messages * size, depth};
}

std::string DescribeError(int error) {
  return std::error_code(error, std::system_category()).message();
}

}  // namespace

SlowReaders::SlowReaders(const SlowReadersPlan& plan)
    : plan_(plan),
      shape_(ShapeFor(plan)),
      finish_(eventfd(0, EFD_CLOEXEC)),
      buffer_(Pattern::kWindow) {
  if (!finish_) {
    throw std::system_error(errno, std::system_category(), "eventfd");
  }
  readers_.reserve(plan_.count);
  for (std::size_t i = 0; i < plan_.count; ++i) {
    const std::size_t number = plan_.first_connection + i;
    readers_.push_back({number, UniqueFd(), Stream(shape_, number)});
  }
}

SlowReaders::~SlowReaders() {
  if (!thread_.joinable()) return;
  eventfd_write(finish_.get(), 1);
  thread_.join();
}

bool SlowReaders::Connect() {
  ClientSocketFactory sockets(plan_.target);
  for (Reader& reader : readers_) {
    if (!Open(reader, sockets)) return false;
  }
  for (Reader& reader : readers_) reader.stream.Ask(1);
  return Drain();
}

void SlowReaders::Start() {
  thread_ = std::jthread([this] { Run(); });
}

void SlowReaders::Finish() {
  if (!thread_.joinable()) return;
  eventfd_write(finish_.get(), 1);
  thread_.join();
  if (!is_given_up_) Drain();
}

bool SlowReaders::Open(Reader& reader, ClientSocketFactory& sockets) {
  std::error_code error;
  reader.fd = sockets.StartConnect(error);
  if (!error) {
    pollfd entry{reader.fd.get(), POLLOUT, 0};
    const auto limit = static_cast<int>(plan_.stall_limit.count());
    error = poll(&entry, 1, limit) == 1
                ? ConnectOutcome(reader.fd.get())
                : std::make_error_code(std::errc::timed_out);
  }
  if (!error) return true;
  Fail(reader, &LoadErrors::connect,
       plan_.target.ToString() + ": " + error.message());
  return false;
}

void SlowReaders::Run() {
  std::int64_t last_tick = MonotonicNs();
  while (!is_over_) {
    Wait(
        kTick,
        [this](const Reader& reader) { return CanFill(reader) ? POLLOUT : 0; },
        [this](Reader& reader, int) { Fill(reader); });
    const std::int64_t now = MonotonicNs();
    if (now - last_tick < std::chrono::nanoseconds(kTick).count()) continue;
    last_tick = now;
    for (Reader& reader : readers_) Receive(reader, kBytesPerTick);
  }
}

bool SlowReaders::Drain() {
  while (!is_given_up_ && std::ranges::any_of(readers_, IsOwed)) {
    const bool any = Wait(
        plan_.stall_limit,
        [](const Reader& reader) {
          const int out = reader.stream.ToSend().empty() ? 0 : POLLOUT;
          return IsOwed(reader) ? POLLIN | out : 0;
        },
        [this](Reader& reader, int events) {
          if ((events & POLLOUT) != 0) Send(reader);
          if ((events & ~POLLOUT) != 0) Receive(reader, buffer_.size());
        });
    if (!any && !is_given_up_) TellStall();
  }
  return !is_given_up_ && !errors_.Any();
}

void SlowReaders::TellStall() {
  for (Reader& reader : readers_) {
    if (!IsOwed(reader)) continue;
    Fail(reader, &LoadErrors::short_echo,
         fmt::format("no echo for {} ms, {} bytes are missing",
                     plan_.stall_limit.count(), reader.stream.missing()));
  }
}

template <typename EventsOf, typename OnReady>
bool SlowReaders::Wait(milliseconds timeout, EventsOf events_of,
                       OnReady on_ready) {
  // Once it is to finish, that is no news any more.
  entries_ = {{plan_.stop_fd, POLLIN, 0},
              {is_over_ ? -1 : finish_.get(), POLLIN, 0}};
  for (const Reader& reader : readers_) {
    const int events = reader.fd ? events_of(reader) : 0;
    entries_.push_back(
        {events == 0 ? -1 : reader.fd.get(), static_cast<short>(events), 0});
  }
  poll(entries_.data(), entries_.size(), static_cast<int>(timeout.count()));
  if (entries_[0].revents != 0) is_given_up_ = is_over_ = true;
  if (entries_[1].revents != 0) is_over_ = true;
  bool any = false;
  for (std::size_t i = 0; i < readers_.size(); ++i) {
    const int events = entries_[i + 2].revents;
    if (events == 0) continue;
    any = true;
    on_ready(readers_[i], events);
  }
  return any;
}

bool SlowReaders::CanFill(const Reader& reader) const {
  return !reader.stream.ToSend().empty() ||
         reader.stream.outstanding() < shape_.depth;
}

void SlowReaders::Fill(Reader& reader) {
  do {
    if (reader.stream.ToSend().empty()) reader.stream.Ask(1);
    Send(reader);
  } while (reader.fd && reader.stream.ToSend().empty() && CanFill(reader));
}

void SlowReaders::Send(Reader& reader) {
  for (auto bytes = reader.stream.ToSend(); !bytes.empty();
       bytes = reader.stream.ToSend()) {
    const ssize_t sent = system_call::Send(reader.fd.get(), bytes.data(),
                                           bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EAGAIN) return;
      return Fail(reader, &LoadErrors::closed, DescribeError(errno));
    }
    reader.stream.Sent(static_cast<std::size_t>(sent), 0);
  }
}

void SlowReaders::Receive(Reader& reader, std::size_t limit) {
  if (!reader.fd) return;
  const ssize_t received =
      system_call::Recv(reader.fd.get(), buffer_.data(), limit, 0);
  if (received < 0 && errno == EAGAIN) return;
  if (received <= 0) {
    return Fail(reader, &LoadErrors::closed,
                received == 0 ? "closed by the server" : DescribeError(errno));
  }
  const auto data =
      std::span(buffer_).first(static_cast<std::size_t>(received));
  const std::size_t good = reader.stream.MatchingPrefix(data);
  if (reader.stream.Receive(data, [](std::int64_t) {})) return;
  Fail(reader, &LoadErrors::mismatch,
       fmt::format("byte {} was not due", reader.stream.received() + good));
}

bool SlowReaders::IsOwed(const Reader& reader) {
  return reader.fd &&
         (reader.stream.missing() != 0 || !reader.stream.ToSend().empty());
}

void SlowReaders::Fail(Reader& reader, std::uint64_t LoadErrors::*counter,
                       const std::string& what) {
  errors_.Add(counter, fmt::format("slow reader {}: {}", reader.number, what));
  reader.fd.Reset();
}

}  // namespace polymux::bench
