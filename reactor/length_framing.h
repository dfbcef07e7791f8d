#ifndef POLYMUX_REACTOR_LENGTH_FRAMING_H_
#define POLYMUX_REACTOR_LENGTH_FRAMING_H_

#include <cstddef>
#include <string_view>

#include "reactor/framing.h"

namespace polymux {

// In front of each payload, its size: four bytes, big-endian, unsigned, not
// counting themselves.
class LengthFraming : public Framing {
 public:
  static constexpr std::size_t kHeaderSize = 4;

  // Payloads have at least min_payload bytes and at most max_payload. REQUIRES:
  // min_payload <= max_payload <= kLargestPayload.
  explicit LengthFraming(std::size_t max_payload, std::size_t min_payload = 0);

  Decoded Decode(std::string_view input, std::size_t* scanned) const override;
  bool CanCarry(std::string_view payload) const override;
  Envelope Enclose(std::string_view payload) const override;
  std::size_t max_frame_size() const override {
    return kHeaderSize + max_payload_;
  }

 private:
  std::size_t max_payload_;
  std::size_t min_payload_;
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_LENGTH_FRAMING_H_
