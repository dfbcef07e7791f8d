#include "reactor/connection.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include "poller/check.h"
#include "reactor/event_loop.h"

namespace polymux {
namespace {

iovec StretchOf(std::string_view bytes) {
  return {.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
}

bool HasOnMessageAlone(const Connection::Options& options,
                       const ConnectionDeadlines* deadlines) {
  return !options.framing && !options.callbacks.on_send_complete &&
         (deadlines == nullptr || !deadlines->noted);
}

constexpr std::size_t LineOf(std::size_t offset) {
  return offset / EventLoop::kCacheLine;
}

}  // namespace

// What a message touches is what EventLoop::Prefetch loads.
struct Connection::Layout {
// Of a class without virtual functions or virtual bases, as gcc and clang have
// it.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
  static constexpr std::size_t kFirst = LineOf(offsetof(Connection, loop_));
  static constexpr std::size_t kChannel =
      LineOf(offsetof(Connection, channel_));
  static constexpr std::size_t kLast =
      LineOf(offsetof(Connection, output_) + sizeof(Buffer) - 1);
#pragma GCC diagnostic pop
  static_assert(kFirst == kChannel &&
                kLast < kChannel + EventLoop::kPrefetchedLines);
};

Connection::Connection(EventLoop* loop, Socket socket, const InetAddress& peer,
                       const Options* options, const Release* release,
                       ConnectionDeadlines* deadlines)
    : loop_(loop),
      options_(options),
      thread_(std::this_thread::get_id()),
      socket_(std::move(socket)),
      on_message_alone_(HasOnMessageAlone(*options, deadlines)),
      channel_(
          loop, socket_.fd(), [this](const Event& event) { OnReadable(event); },
          [this](const Event& event) { OnWritable(event); }),
      input_(loop->buffers()),
      output_(loop->buffers()),
      tasks_(loop->tasks()),
      max_handed_over_(options->max_handed_over > 0 ? options->max_handed_over
                                                    : options->max_output),
      release_(release),
      deadlines_(deadlines),
      peer_(peer) {}

Connection::~Connection() {
  if (context_ && !IsInLoopThread()) {
    tasks_->Post([context = std::move(context_)] {});
  }
}

std::error_code Connection::Establish() {
  const bool edge = loop_->trigger() == Trigger::kEdge;
  if (const std::error_code error =
          channel_.Watch({.read = true, .write = edge})) {
    return error;
  }
  ++loop_->counters().opened;
  if (deadlines_ != nullptr && deadlines_->noted) {
    limits_ = std::make_unique<TimeLimits>(this);
    awaits_first_byte_ = deadlines_->first_byte.enabled();
    deadlines_->first_byte.Arm(limits_->input);
    deadlines_->idle.Arm(limits_->idle);
  }
  if (options_->callbacks.on_open) {
    Guard([this] { options_->callbacks.on_open(*this); });
  }
  return {};
}

template <typename Function>
void Connection::Guard(Function&& function) {
  try {
    function();
  } catch (...) {
    OnException();
  }
}

[[gnu::cold]] void Connection::OnException() {
  loop_->TellException();
  CloseLater(CloseReason::kException, {});
}

// The drain rule. A read that leaves room has emptied the socket, and what
// comes later is reported: by the next wait under level triggering, as a new
// edge under edge triggering. Two things break that rule, and the event tells
// of both: an end of file or an error that was there before the edge makes no
// new one (hang_up), and a read stops at the mark of urgent data (urgent). Then
// reading goes on to the end. So the usual message costs one read and no
// EAGAIN.
//
// The budget keeps one fast sender from starving the others. Under edge
// triggering the rest would not be reported again, so the loop is asked to
// repeat the event, with its hints.
[[gnu::hot]] void Connection::OnReadable(const Event& event) try {
  const bool edge = loop_->trigger() == Trigger::kEdge;
  const bool to_the_end = edge && (event.hang_up || event.urgent);
  LoopCounters& counters = loop_->counters();
  std::size_t budget = options_->read_budget;
  if (state_ == State::kLingering) return Discard(event);
  while (state_ == State::kOpen && paused_ == 0) {
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
    if (on_message_alone_) {
      options_->callbacks.on_message(*this, input_);
    } else {
      TakeInput();
    }
    if (!result.full && !to_the_end) break;
    if (bytes >= budget) {
      if (edge) loop_->Requeue(event);
      break;
    }
    budget -= bytes;
  }
  if (!input_.empty()) KeepInput();
} catch (...) {
  OnException();
}

void Connection::KeepInput() {
  input_.Shrink();
  if (!options_->framing && input_.size() > options_->max_input) {
    CloseLater(CloseReason::kInputLimit, {});
  }
}

std::size_t Connection::TakeInput() {
  if (awaits_first_byte_) {
    awaits_first_byte_ = false;
    DeadlineList::Disarm(limits_->input);
  }
  std::size_t messages = 1;
  if (options_->framing) {
    messages = ShowFrames();
  } else {
    options_->callbacks.on_message(*this, input_);
  }
  if (!limits_ || state_ != State::kOpen) return messages;
  if (messages > 0) {
    deadlines_->idle.Refresh(limits_->idle);
    DeadlineList::Disarm(limits_->input);
  }
  const bool in_a_frame = options_->framing && !input_.empty() && paused_ == 0;
  if (in_a_frame && !limits_->input.armed()) {
    deadlines_->frame.Arm(limits_->input);
  }
  return messages;
}

std::size_t Connection::TakeUnread() {
  std::size_t messages = 0;
  ++loop_->counters().ioctls;
  std::size_t unread = socket_.Unread();
  while (unread > 0 && state_ == State::kOpen && paused_ == 0) {
    const Buffer::ReadResult result = input_.ReadFrom(socket_.fd());
    ++loop_->counters().reads;
    // An event will tell of it, as of what comes from now on.
    if (result.bytes <= 0) break;
    const auto bytes = static_cast<std::size_t>(result.bytes);
    loop_->counters().bytes_read += bytes;
    unread -= std::min(unread, bytes);
    messages += TakeInput();
  }
  if (!input_.empty()) KeepInput();
  return messages;
}

std::size_t Connection::ShowFrames() {
  std::size_t frames = 0;
  while (state_ == State::kOpen && paused_ == 0 && !input_.empty()) {
    const Framing::Decoded decoded =
        options_->framing->Decode(input_.view(), &scanned_);
    if (decoded.status == Framing::Status::kIncomplete) break;
    if (decoded.status != Framing::Status::kFrame) {
      Drain(CloseReason::kMalformed);
      FinishIfDone();
      break;
    }
    ++frames;
    options_->callbacks.on_frame(*this, decoded.payload);
    // Terminate may have been called.
    if (state_ == State::kClosed) break;
    input_.Consume(decoded.frame_size);
  }
  return frames;
}

void Connection::OnEndOfInput() {
  const bool done = output_.empty() && work_in_flight_ == 0;
  if (done || options_->half_close == HalfClose::kAbort) {
    return CloseNow(CloseReason::kPeerClosed, {});
  }
  Drain(CloseReason::kPeerClosed);
}

void Connection::Discard(const Event& event) {
  const bool malformed = reason_ == CloseReason::kMalformed;
  std::size_t budget = options_->read_budget;
  while (state_ == State::kLingering) {
    const Buffer::ReadResult result = input_.ReadFrom(socket_.fd());
    ++loop_->counters().reads;
    input_.Clear();
    if (result.bytes < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) {
        ++loop_->counters().eagain_reads;
        return;
      }
    }
    if (result.bytes <= 0) return CloseNow(reason_, {});
    const auto bytes = static_cast<std::size_t>(result.bytes);
    discarded_ += bytes;
    if (malformed && discarded_ > options_->max_discarded) {
      return GiveUpLingering();
    }
    if (bytes >= budget) {
      if (loop_->trigger() == Trigger::kEdge) loop_->Requeue(event);
      return;
    }
    budget -= bytes;
  }
}

void Connection::GiveUpLingering() {
  if (!AllTaken()) ++loop_->counters().lost;
  CloseNow(reason_, {});
}

bool Connection::AllTaken() {
  ++loop_->counters().ioctls;
  return socket_.AllTaken();
}

bool Connection::AtRest() {
  if (!AllTaken()) return false;
  ++loop_->counters().ioctls;
  return socket_.Unread() == 0;
}

void Connection::OnWritable(const Event&) {
  // Under edge triggering write readiness rides along with any other edge.
  if (output_.empty() || state_ == State::kClosing) return;
  const std::optional<std::size_t> taken = Write(output_.view());
  if (!taken) return;
  output_.Consume(*taken);
  if (limits_ && *taken > 0) deadlines_->write.Refresh(limits_->write);
  if (output_.empty()) {
    OnHandedOver(0);
    OnAllSent();
    if (state_ == State::kDraining) FinishIfDone();
  }
  if (output_.size() <= options_->low_water) Resume(kByOutput);
  UpdateInterest();
}

[[gnu::hot]] void Connection::Send(std::string_view bytes) {
  if (IsInLoopThread()) {
    SendInLoop(bytes);
  } else {
    HandOver(&Connection::SendInLoop, bytes);
  }
}

void Connection::SendFrame(std::string_view payload) {
  if (IsInLoopThread()) {
    SendFrameInLoop(payload);
  } else {
    HandOver(&Connection::SendFrameInLoop, payload);
  }
}

bool Connection::TrySend(std::string_view bytes) {
  if (!IsInLoopThread()) return TryHandOver(&Connection::SendInLoop, bytes);
  if (!accepts_output() ||
      output_.size() + bytes.size() > options_->max_output) {
    return false;
  }
  SendInLoop(bytes);
  return true;
}

// Not in Send, whose usual path is short.
[[gnu::noinline]] void Connection::HandOver(
    void (Connection::*send)(std::string_view), std::string_view bytes) {
  if (TryHandOver(send, bytes)) return;
  // Before what this thread sends later, so that nothing is left out between.
  tasks_->Post([self = shared_from_this()] {
    self->CloseLater(CloseReason::kOutputLimit, {});
  });
}

bool Connection::TryHandOver(void (Connection::*send)(std::string_view),
                             std::string_view bytes) {
  const std::size_t size = bytes.size();
  if (handed_over_.fetch_add(size, std::memory_order_relaxed) + size >
      max_handed_over_) {
    handed_over_.fetch_sub(size, std::memory_order_relaxed);
    return false;
  }
  return tasks_->Post(
      [self = shared_from_this(), send, copy = std::string(bytes)] {
        self->Guard([&] { (self.get()->*send)(copy); });
        self->OnHandedOver(copy.size());
      });
}

void Connection::OnHandedOver(std::size_t count) {
  handed_over_pending_ += count;
  if (!output_.empty()) return;
  handed_over_.fetch_sub(std::exchange(handed_over_pending_, 0),
                         std::memory_order_relaxed);
}

bool Connection::accepts_output() const {
  return state_ == State::kOpen ||
         (state_ == State::kDraining &&
          (reason_ == CloseReason::kPeerClosed || work_in_flight_ > 0));
}

[[gnu::hot]] void Connection::SendInLoop(std::string_view bytes) {
  if (!accepts_output() || bytes.empty()) return;
  std::size_t taken = 0;
  if (output_.empty()) {
    const std::optional<std::size_t> written = Write(bytes);
    if (!written) return;
    taken = *written;
  }
  if (taken == bytes.size()) {
    if (!on_message_alone_) OnAllSent();
    return;
  }
  output_.Append(bytes.substr(taken));
  OnPending();
}

void Connection::SendFrameInLoop(std::string_view payload) {
  if (!accepts_output()) return;
  const Framing::Envelope envelope = options_->framing->Enclose(payload);
  const std::array<std::string_view, 3> parts = {envelope.header(), payload,
                                                 envelope.trailer()};
  std::size_t taken = 0;
  if (output_.empty()) {
    const std::array<iovec, 3> stretches = {
        StretchOf(parts[0]), StretchOf(parts[1]), StretchOf(parts[2])};
    const std::optional<std::size_t> written = Write(stretches);
    if (!written) return;
    taken = *written;
  }
  for (const std::string_view part : parts) {
    const std::size_t skipped = std::min(taken, part.size());
    taken -= skipped;
    output_.Append(part.substr(skipped));
  }
  if (output_.empty()) return OnAllSent();
  OnPending();
}

void Connection::OnPending() {
  if (limits_ && !limits_->write.armed()) {
    deadlines_->write.Arm(limits_->write);
  }
  if (output_.size() > options_->max_output) {
    return CloseLater(CloseReason::kOutputLimit, {});
  }
  const bool paused_before = (paused_ & kByOutput) != 0;
  if (output_.size() > options_->high_water && !paused_before) {
    Pause(kByOutput);
    if (options_->callbacks.on_high_water) {
      Guard([this] { options_->callbacks.on_high_water(*this); });
    }
  }
  UpdateInterest();
}

void Connection::OnAllSent() {
  if (limits_) DeadlineList::Disarm(limits_->write);
  if (!options_->callbacks.on_send_complete || send_complete_queued_) return;
  send_complete_queued_ = true;
  // Later, for it may send more: one that called itself would never end.
  tasks_->Post([self = shared_from_this()] {
    self->send_complete_queued_ = false;
    const bool ended =
        self->state_ == State::kClosing || self->state_ == State::kClosed;
    if (ended || !self->output_.empty()) return;
    self->Guard([&] { self->options_->callbacks.on_send_complete(*self); });
  });
}

[[gnu::hot]] std::optional<std::size_t> Connection::Write(
    std::string_view bytes) {
  ++loop_->counters().writes;
  return Written(socket_.Send(bytes), bytes.size());
}

std::optional<std::size_t> Connection::Write(std::span<const iovec> stretches) {
  std::size_t offered = 0;
  for (const iovec& stretch : stretches) offered += stretch.iov_len;
  // An empty frame without a header, say.
  if (offered == 0) return 0;
  ++loop_->counters().writes;
  return Written(socket_.Send(stretches), offered);
}

[[gnu::hot]] inline std::optional<std::size_t> Connection::Written(
    ssize_t result, std::size_t offered) {
  LoopCounters& counters = loop_->counters();
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
  if (taken < offered) ++counters.short_writes;
  return taken;
}

void Connection::Pause(Pauses pause) {
  paused_ = static_cast<unsigned char>(paused_ | pause);
  if (state_ != State::kOpen) return;
  // The peer is not to blame for what this side does not read.
  if (limits_) DeadlineList::Disarm(limits_->input);
  UpdateInterest();
}

void Connection::Resume(Pauses pause) {
  if ((paused_ & pause) == 0) return;
  paused_ = static_cast<unsigned char>(paused_ & ~pause);
  if (paused_ != 0 || state_ != State::kOpen) return;
  // Later: it shows frames, and the caller may be showing one.
  tasks_->Post([self = shared_from_this()] {
    self->Guard([&self] { self->GoOnReading(); });
  });
}

void Connection::GoOnReading() {
  if (state_ != State::kOpen || paused_ != 0) return;
  if (limits_) {
    deadlines_->idle.Refresh(limits_->idle);
    if (awaits_first_byte_) deadlines_->first_byte.Arm(limits_->input);
  }
  if (!input_.empty()) {
    if (on_message_alone_) {
      options_->callbacks.on_message(*this, input_);
    } else {
      TakeInput();
    }
  }
  if (!input_.empty()) KeepInput();
  if (state_ == State::kOpen && paused_ == 0) WatchAnew();
}

void Connection::UpdateInterest() {
  if (loop_->trigger() == Trigger::kEdge) return;
  const bool reads =
      (state_ == State::kOpen && paused_ == 0) || state_ == State::kLingering;
  const Interest interest = {.read = reads, .write = !output_.empty()};
  if (const std::error_code error = channel_.Watch(interest)) {
    CloseLater(CloseReason::kError, error);
  }
}

void Connection::WatchAnew() {
  if (loop_->trigger() == Trigger::kLevel) return UpdateInterest();
  // The edges that came meanwhile were not acted on.
  if (const std::error_code error = channel_.Rearm()) {
    CloseLater(CloseReason::kError, error);
  }
}

void Connection::Shutdown() {
  if (!IsInLoopThread()) {
    tasks_->Post([self = shared_from_this()] { self->Shutdown(); });
    return;
  }
  if (state_ == State::kOpen) Drain(CloseReason::kLocal);
  if (state_ == State::kDraining) {
    // No more output now, also after the peer's half-close.
    reason_ =
        reason_ == CloseReason::kPeerClosed ? CloseReason::kLocal : reason_;
    FinishIfDone();
  }
}

void Connection::Drain(CloseReason reason) {
  state_ = State::kDraining;
  reason_ = reason;
  if (limits_) {
    DeadlineList::Disarm(limits_->input);
    DeadlineList::Disarm(limits_->idle);
  }
  UpdateInterest();
}

void Connection::FinishIfDone() {
  if (state_ != State::kDraining || !output_.empty() || work_in_flight_ > 0) {
    return;
  }
  // A peer that sent a bad frame is probably sending still.
  const bool quiet = reason_ != CloseReason::kMalformed && AtRest();
  const bool lingers = reason_ != CloseReason::kPeerClosed && !quiet &&
                       deadlines_ != nullptr && deadlines_->linger.enabled();
  if (!lingers) return CloseLater(reason_, {});
  state_ = State::kLingering;
  ++loop_->counters().shutdowns;
  socket_.ShutdownWrite();
  if (!limits_) limits_ = std::make_unique<TimeLimits>(this);
  deadlines_->linger.Arm(limits_->input);
  WatchAnew();
}

void Connection::EndWork() {
  if (!IsInLoopThread()) {
    tasks_->Post([self = shared_from_this()] { self->EndWork(); });
    return;
  }
  POLYMUX_DCHECK(work_in_flight_ > 0, "EndWork without BeginWork");
  --work_in_flight_;
  FinishIfDone();
}

void Connection::OnTimeout(const TimeLimit& limit) {
  if (state_ == State::kLingering) return GiveUpLingering();
  if (&limit == &limits_->write) return OnWriteTimeout();
  OnInputTimeout(limit);
}

// A loop that was held up, by a callback or since its process did not run, may
// learn of the deadline before it has got to what came in time: the socket
// itself is asked.
void Connection::OnInputTimeout(const TimeLimit& limit) {
  const bool first_byte = awaits_first_byte_;
  std::size_t messages = 0;
  Guard([&] { messages = TakeUnread(); });
  if (messages > 0 || state_ != State::kOpen) return;
  if (&limit == &limits_->idle) {
    const bool busy = paused_ != 0 || !output_.empty() || work_in_flight_ > 0;
    if (busy) return deadlines_->idle.Arm(limits_->idle);
    return CloseNow(CloseReason::kIdle, {});
  }
  if (!first_byte) return CloseNow(CloseReason::kFrameTimeout, {});
  if (awaits_first_byte_) CloseNow(CloseReason::kFirstByteTimeout, {});
}

void Connection::OnWriteTimeout() {
  const std::size_t pending = output_.size();
  OnWritable({});
  const bool over = state_ == State::kClosing || state_ == State::kClosed;
  if (over || output_.size() < pending) return;
  CloseNow(CloseReason::kWriteTimeout, {});
}

void Connection::Close() {
  if (!IsInLoopThread()) {
    tasks_->Post([self = shared_from_this()] { self->Close(); });
    return;
  }
  CloseLater(CloseReason::kLocal, {});
}

void Connection::Terminate() {
  const bool pending = !output_.empty() || work_in_flight_ > 0;
  if (pending && state_ != State::kClosed) ++loop_->counters().lost;
  CloseNow(CloseReason::kLocal, {});
}

void Connection::CloseLater(CloseReason reason, std::error_code error) {
  if (state_ == State::kClosing || state_ == State::kClosed) return;
  state_ = State::kClosing;
  gone_ = true;
  reason_ = reason;
  tasks_->Post([self = shared_from_this(), reason, error] {
    self->CloseNow(reason, error);
  });
}

void Connection::CloseNow(CloseReason reason, std::error_code error) {
  if (state_ == State::kClosed) return;
  // First, for on_close may give up the owner and with it the last reference.
  loop_->ReleaseLater(shared_from_this());
  state_ = State::kClosed;
  gone_ = true;
  reason_ = reason;
  channel_.Forget();
  if (limits_) DisarmAll();
  // Here and not in the destructor, which another thread may run.
  input_.Clear();
  output_.Clear();
  CountClose(reason, loop_->counters());
  if (options_->callbacks.on_close) {
    try {
      options_->callbacks.on_close(*this, reason, error);
    } catch (...) {
      loop_->TellException();
    }
  }
  loop_->CloseLater(socket_.TakeFd());
  (*release_)(*this);
}

void Connection::DisarmAll() {
  for (TimeLimit* const limit :
       {&limits_->input, &limits_->idle, &limits_->write}) {
    DeadlineList::Disarm(*limit);
  }
}

}  // namespace polymux
