#include "bench/load/stream.h"

#include <algorithm>

namespace polymux::bench {

Stream::Stream(const StreamShape& shape, std::size_t connection)
    : shape_(&shape),
      send_position_(shape.pattern->Start(connection)),
      receive_position_(send_position_),
      until_end_(shape.message_size),
      send_times_(std::make_unique<std::int64_t[]>(shape.depth)) {}

void Stream::Sent(std::size_t count, std::int64_t now) {
  sent_ += count;
  unsent_ -= count;
  send_position_ = shape_->pattern->Advance(send_position_, count);
  while (until_start_ < count) {
    send_times_[newest_] = now;
    newest_ = Next(newest_);
    until_start_ += shape_->message_size;
  }
  until_start_ -= count;
}

std::size_t Stream::MatchingPrefix(std::span<const std::byte> data) const {
  const auto due = shape_->pattern->At(
      receive_position_, static_cast<std::size_t>(
                             std::min<std::uint64_t>(data.size(), missing())));
  const auto [ours, theirs] =
      std::mismatch(due.begin(), due.end(), data.begin());
  return static_cast<std::size_t>(ours - due.begin());
}

}  // namespace polymux::bench
