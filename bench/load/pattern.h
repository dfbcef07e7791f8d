#ifndef POLYMUX_BENCH_LOAD_PATTERN_H_
#define POLYMUX_BENCH_LOAD_PATTERN_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace polymux::bench {

// The bytes that the connections send. Byte i of connection c depends on the
// seed, c and i alone: it is byte (start(c) + i) mod period of one table of
// random bytes. So data is sent straight out of the table and verified by
// memcmp, and yet a byte that is wrong, lost, doubled or in another's place
// shows at once.
//
// The period is a prime just above 64 KiB that does not divide the message
// size: a stream that is out of place by a number of whole messages is only
// mistaken for the right one after a whole period of messages. Starts differ
// for all connections below the period.
class Pattern {
 public:
  // How many bytes are contiguous from any position.
  static constexpr std::size_t kWindow = std::size_t{64} << 10;

  // REQUIRES: message_size > 0.
  Pattern(std::uint64_t seed, std::size_t message_size);

  std::size_t period() const { return period_; }

  // The position in the table of the first byte of a connection.
  std::size_t Start(std::size_t connection) const {
    return connection % period_ * kStride % period_;
  }

  // The position `count` bytes on. REQUIRES: count <= kWindow.
  std::size_t Advance(std::size_t position, std::size_t count) const {
    position += count;
    return position < period_ ? position : position - period_;
  }

  // The bytes from `position` on. REQUIRES: count <= kWindow.
  std::span<const std::byte> At(std::size_t position, std::size_t count) const {
    return {table_.data() + position, count};
  }

  // Whether `data` is what stands at `position`.
  // REQUIRES: data.size() <= kWindow.
  bool Matches(std::size_t position, std::span<const std::byte> data) const;

 private:
  // About the period divided by the golden ratio: neighbours start far apart.
  static constexpr std::size_t kStride = 40503;

  const std::size_t period_;
  const std::vector<std::byte> table_;  // one period, then kWindow of the next
};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_PATTERN_H_
