#include "reactor/length_framing.h"

#include <array>
#include <cstdint>

#include "poller/check.h"

namespace polymux {
namespace {

std::uint32_t Read(std::string_view header) {
  std::uint32_t size = 0;
  for (const char byte : header) {
    size = size << 8 | static_cast<unsigned char>(byte);
  }
  return size;
}

}  // namespace

LengthFraming::LengthFraming(std::size_t max_payload, std::size_t min_payload)
    : max_payload_(max_payload), min_payload_(min_payload) {
  POLYMUX_CHECK(min_payload <= max_payload && max_payload <= kLargestPayload,
                "a payload's bounds are ordered, and at most 1 GiB");
}

// Nothing is added to the announced size before it is known to be small; sums
// that wrapped have let 4 GiB pass elsewhere (baresip/re#1584,
// resiprocate#478).
Framing::Decoded LengthFraming::Decode(std::string_view input,
                                       std::size_t* /*scanned*/) const {
  if (input.size() < kHeaderSize) return {};
  const std::size_t size = Read(input.substr(0, kHeaderSize));
  if (size > max_payload_) return {.status = Status::kTooLong};
  if (size < min_payload_) return {.status = Status::kTooShort};
  if (input.size() - kHeaderSize < size) return {};
  return {.status = Status::kFrame,
          .payload = input.substr(kHeaderSize, size),
          .frame_size = kHeaderSize + size};
}

bool LengthFraming::CanCarry(std::string_view payload) const {
  return min_payload_ <= payload.size() && payload.size() <= max_payload_;
}

Framing::Envelope LengthFraming::Enclose(std::string_view payload) const {
  POLYMUX_CHECK(CanCarry(payload), "a payload beyond the framing's bounds");
  const std::size_t size = payload.size();
  return Envelope::WithHeader({static_cast<char>(size >> 24 & 0xff),
                               static_cast<char>(size >> 16 & 0xff),
                               static_cast<char>(size >> 8 & 0xff),
                               static_cast<char>(size & 0xff)});
}

}  // namespace polymux
