#include "reactor/connection.h"

#include <cerrno>
#include <string>
#include <utility>

#include "reactor/event_loop.h"

namespace polymux {

std::string_view ToString(CloseReason reason) {
  switch (reason) {
    case CloseReason::kPeerClosed:
      return "peer closed";
    case CloseReason::kError:
      return "error";
    case CloseReason::kLocal:
      return "closed here";
  }
  return "unknown";
}

Connection::Connection(EventLoop* loop, Socket socket, const InetAddress& peer,
                       const Options* options, const Release* release)
    : loop_(loop),
      options_(options),
      release_(release),
      socket_(std::move(socket)),
      channel_(
          loop, socket_.fd(), [this](const Event& event) { OnReadable(event); },
          [this](const Event& event) { OnWritable(event); }),
      input_(loop->buffers()),
      output_(loop->buffers()),
      peer_(peer) {}

Connection::~Connection() = default;

std::error_code Connection::Establish() {
  const bool edge = loop_->trigger() == Trigger::kEdge;
  if (const std::error_code error =
          channel_.Watch({.read = true, .write = edge})) {
    return error;
  }
  ++loop_->counters().opened;
  if (options_->callbacks.on_open) options_->callbacks.on_open(*this);
  return {};
}

// The drain rule. A read that leaves room has emptied the socket, and what
// comes later is reported: by the next wait under level triggering, as a new
// edge under edge triggering. Only an end of file or an error that was there
// before the edge makes no new one; hang_up tells of those, and then reading
// goes on to the end. So the usual message costs one read and no EAGAIN.
//
// The budget keeps one fast sender from starving the others. Under edge
// triggering the rest would not be reported again, so the loop is asked to
// repeat the event, hang_up included.
[[gnu::hot]] void Connection::OnReadable(const Event& event) {
  const bool edge = loop_->trigger() == Trigger::kEdge;
  const bool to_the_end = edge && event.hang_up;
  LoopCounters& counters = loop_->counters();
  std::size_t budget = options_->read_budget;
  while (state_ == State::kOpen && !paused_) {
    const Buffer::ReadResult result = input_.ReadFrom(socket_.fd());
    ++counters.reads;
    if (result.bytes == 0) return OnEndOfInput();
    if (result.bytes < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) {
        return CloseNow(CloseReason::kError, LastSystemError());
      }
      ++counters.eagain_reads;
      break;
    }
    const auto bytes = static_cast<std::size_t>(result.bytes);
    counters.bytes_read += bytes;
    options_->callbacks.on_message(*this, input_);
    if (!result.full && !to_the_end) break;
    if (bytes >= budget) {
      if (edge) loop_->Requeue(event);
      break;
    }
    budget -= bytes;
  }
  input_.Shrink();
}

void Connection::OnEndOfInput() {
  if (output_.empty()) return CloseNow(CloseReason::kPeerClosed, {});
  state_ = State::kDraining;
  drain_reason_ = CloseReason::kPeerClosed;
  UpdateInterest();
}

void Connection::OnWritable(const Event& event) {
  // Under edge triggering write readiness rides along with any other edge.
  if (output_.empty() || state_ == State::kClosing) return;
  const std::optional<std::size_t> taken = Write(output_.view());
  if (!taken) return;
  output_.Consume(*taken);
  if (output_.empty() && state_ == State::kDraining) {
    return CloseNow(drain_reason_, {});
  }
  if (paused_ && output_.size() <= options_->low_water) {
    paused_ = false;
    // The edges that came meanwhile were not acted on; hang_up, so that reading
    // goes on to the end whatever they said.
    if (loop_->trigger() == Trigger::kEdge) {
      loop_->Requeue({.key = event.key, .read = true, .hang_up = true});
    }
  }
  UpdateInterest();
}

[[gnu::hot]] void Connection::Send(std::string_view bytes) {
  if (loop_->IsInLoopThread()) {
    SendInLoop(bytes);
  } else {
    HandOver(bytes);
  }
}

void Connection::HandOver(std::string_view bytes) {
  loop_->QueueInLoop([self = shared_from_this(), copy = std::string(bytes)] {
    self->SendInLoop(copy);
  });
}

[[gnu::hot]] void Connection::SendInLoop(std::string_view bytes) {
  const bool accepted =
      state_ == State::kOpen ||
      (state_ == State::kDraining && drain_reason_ == CloseReason::kPeerClosed);
  if (!accepted || bytes.empty()) return;
  std::size_t taken = 0;
  if (output_.empty()) {
    const std::optional<std::size_t> written = Write(bytes);
    if (!written) return;
    taken = *written;
  }
  if (taken == bytes.size()) return;
  output_.Append(bytes.substr(taken));
  paused_ = paused_ || output_.size() > options_->high_water;
  UpdateInterest();
}

[[gnu::hot]] std::optional<std::size_t> Connection::Write(
    std::string_view bytes) {
  LoopCounters& counters = loop_->counters();
  ++counters.writes;
  const ssize_t result = socket_.Send(bytes);
  if (result < 0) {
    if (errno == EAGAIN || errno == EINTR) {
      ++counters.eagain_writes;
      return 0;
    }
    CloseLater(CloseReason::kError, LastSystemError());
    return std::nullopt;
  }
  const auto taken = static_cast<std::size_t>(result);
  counters.bytes_written += taken;
  if (taken < bytes.size()) ++counters.short_writes;
  return taken;
}

void Connection::UpdateInterest() {
  if (loop_->trigger() == Trigger::kEdge) return;
  const Interest interest = {.read = state_ == State::kOpen && !paused_,
                             .write = !output_.empty()};
  if (const std::error_code error = channel_.Watch(interest)) {
    CloseLater(CloseReason::kError, error);
  }
}

void Connection::Shutdown() {
  if (!loop_->IsInLoopThread()) {
    loop_->QueueInLoop([self = shared_from_this()] { self->Shutdown(); });
    return;
  }
  if (state_ == State::kClosing || state_ == State::kClosed) return;
  if (output_.empty()) return CloseLater(CloseReason::kLocal, {});
  state_ = State::kDraining;
  drain_reason_ = CloseReason::kLocal;
  UpdateInterest();
}

void Connection::Close() {
  if (!loop_->IsInLoopThread()) {
    loop_->QueueInLoop([self = shared_from_this()] { self->Close(); });
    return;
  }
  CloseLater(CloseReason::kLocal, {});
}

void Connection::Terminate() { CloseNow(CloseReason::kLocal, {}); }

void Connection::CloseLater(CloseReason reason, std::error_code error) {
  if (state_ == State::kClosing || state_ == State::kClosed) return;
  state_ = State::kClosing;
  loop_->QueueInLoop([self = shared_from_this(), reason, error] {
    self->CloseNow(reason, error);
  });
}

void Connection::CloseNow(CloseReason reason, std::error_code error) {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  channel_.Forget();
  // Here and not in the destructor, which another thread may run.
  input_.Clear();
  output_.Clear();
  ++loop_->counters().closed;
  if (options_->callbacks.on_close) {
    options_->callbacks.on_close(*this, reason, error);
  }
  loop_->CloseLater(socket_.TakeFd());
  loop_->ReleaseLater(shared_from_this());
  (*release_)(*this);
}

}  // namespace polymux
