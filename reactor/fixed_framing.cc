#include "reactor/fixed_framing.h"

#include "poller/check.h"

namespace polymux {

FixedFraming::FixedFraming(std::size_t size) : size_(size) {
  POLYMUX_CHECK(1 <= size && size <= kLargestPayload,
                "a fixed message has from 1 byte to 1 GiB");
}

Framing::Decoded FixedFraming::Decode(std::string_view input,
                                      std::size_t* /*scanned*/) const {
  if (input.size() < size_) return {};
  return {.status = Status::kFrame,
          .payload = input.substr(0, size_),
          .frame_size = size_};
}

bool FixedFraming::CanCarry(std::string_view payload) const {
  return payload.size() == size_;
}

Framing::Envelope FixedFraming::Enclose(std::string_view payload) const {
  POLYMUX_CHECK(CanCarry(payload), "a message of another than the fixed size");
  return Envelope::Empty();
}

}  // namespace polymux
