#ifndef POLYMUX_BENCH_LOAD_STREAM_H_
#define POLYMUX_BENCH_LOAD_STREAM_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "bench/load/pattern.h"

namespace polymux::bench {

// What the streams of a run have in common.
struct StreamShape {
  const Pattern* pattern;
  std::size_t message_size;
  std::size_t depth;  // the most messages outstanding at once
};

// The books of one connection, without its socket: which bytes are to be sent
// next, which must come back next, and when each outstanding message was
// sent. Times are nanoseconds of the monotonic clock. Allocates only when
// constructed.
class Stream {
 public:
  // `shape` must outlive the stream. REQUIRES: message_size, depth > 0.
  Stream(const StreamShape& shape, std::size_t connection);

  // Puts `messages` more on the way.
  // REQUIRES: outstanding() + messages <= depth.
  void Ask(std::size_t messages) {
    outstanding_ += messages;
    unsent_ += messages * shape_->message_size;
  }

  // Messages asked for whose echo is not complete.
  std::size_t outstanding() const { return outstanding_; }

  // The next bytes to send, at most Pattern::kWindow; empty when there is
  // nothing to send.
  std::span<const std::byte> ToSend() const {
    return shape_->pattern->At(send_position_,
                               std::min(unsent_, Pattern::kWindow));
  }

  // The first `count` bytes of ToSend() were sent. A message whose first byte
  // is among them counts as sent at `now`.
  void Sent(std::size_t count, std::int64_t now);

  // Verifies bytes that came back and calls on_echo(time sent) for each
  // message that they complete. False when they are not the bytes that were
  // due or were never sent; the stream is of no use then.
  // REQUIRES: data.size() <= Pattern::kWindow.
  template <typename OnEcho>
  bool Receive(std::span<const std::byte> data, OnEcho on_echo) {
    if (!IsDue(data)) return false;
    received_ += data.size();
    receive_position_ =
        shape_->pattern->Advance(receive_position_, data.size());
    std::size_t left = data.size();
    while (left >= until_end_) {
      left -= until_end_;
      until_end_ = shape_->message_size;
      on_echo(PopSendTime());
    }
    until_end_ -= left;
    return true;
  }

  // How many bytes came back as they should.
  std::uint64_t received() const { return received_; }

  // How many bytes were sent and have not come back.
  std::uint64_t missing() const { return sent_ - received_; }

  // How many bytes came back of the message whose echo is incomplete.
  std::size_t received_of_message() const {
    return shape_->message_size - until_end_;
  }

  // How many of the first bytes of `data` are those that are due.
  std::size_t MatchingPrefix(std::span<const std::byte> data) const;

 private:
  bool IsDue(std::span<const std::byte> data) const {
    return data.size() <= missing() &&
           shape_->pattern->Matches(receive_position_, data);
  }
  std::int64_t PopSendTime() {
    const std::int64_t time = send_times_[oldest_];
    oldest_ = Next(oldest_);
    --outstanding_;
    return time;
  }
  std::size_t Next(std::size_t slot) const {
    return slot + 1 == shape_->depth ? 0 : slot + 1;
  }

  const StreamShape* shape_;
  std::size_t send_position_;
  std::size_t receive_position_;
  std::size_t unsent_ = 0;
  std::size_t until_start_ = 0;  // bytes to send before the next message starts
  std::size_t until_end_;        // bytes to receive to complete a message
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  std::size_t outstanding_ = 0;
  std::size_t oldest_ = 0;  // slots of the ring send_times_
  std::size_t newest_ = 0;
  std::unique_ptr<std::int64_t[]> send_times_;
};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_STREAM_H_
