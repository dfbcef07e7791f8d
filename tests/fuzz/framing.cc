// The codecs. The first bytes of the input choose a framing and the pieces in
// which the rest arrives as a stream.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "poller/check.h"
#include "reactor/delimiter_framing.h"
#include "reactor/fixed_framing.h"
#include "reactor/length_framing.h"

namespace polymux {
namespace {

using Status = Framing::Status;

struct Outcome {
  std::vector<std::string> messages;
  Status status = Status::kIncomplete;
  std::size_t consumed = 0;

  bool operator==(const Outcome&) const = default;
};

// Each piece is a copy of exactly what has arrived, so that a sanitizer sees
// any look beyond it.
Outcome DecodeInPieces(const Framing& framing, std::string_view stream,
                       std::size_t piece) {
  Outcome outcome;
  std::size_t scanned = 0;
  for (std::size_t have = 0; have < stream.size();) {
    have = std::min(have + piece, stream.size());
    for (;;) {
      const std::string_view arrived =
          stream.substr(outcome.consumed, have - outcome.consumed);
      const std::vector<char> input(arrived.begin(), arrived.end());
      const Framing::Decoded decoded =
          framing.Decode({input.data(), input.size()}, &scanned);
      outcome.status = decoded.status;
      if (decoded.status == Status::kIncomplete) {
        POLYMUX_CHECK(input.size() < framing.max_frame_size(),
                      "a largest frame is never incomplete");
        break;
      }
      if (decoded.status != Status::kFrame) return outcome;
      POLYMUX_CHECK(0 < decoded.frame_size &&
                        decoded.frame_size <= input.size() &&
                        decoded.frame_size <= framing.max_frame_size(),
                    "a frame of an impossible size");
      POLYMUX_CHECK(framing.CanCarry(decoded.payload),
                    "a payload that could not have been sent");
      POLYMUX_CHECK(framing.Encode(decoded.payload) ==
                        arrived.substr(0, decoded.frame_size),
                    "another frame than the payload's");
      outcome.messages.emplace_back(decoded.payload);
      outcome.consumed += decoded.frame_size;
      outcome.status = Status::kIncomplete;
      if (outcome.consumed == have) break;
    }
  }
  return outcome;
}

std::unique_ptr<Framing> Choose(std::uint8_t kind, std::uint8_t bound,
                                std::string_view text) {
  switch (kind % 4) {
    case 0:
      return std::make_unique<FixedFraming>(std::size_t{bound} + 1);
    case 1:
      return std::make_unique<LengthFraming>(bound, bound / 16);
    case 2:
      return std::make_unique<LengthFraming>(Framing::kLargestPayload);
    default:
      return std::make_unique<DelimiterFraming>(
          bound, text.empty() ? "\n" : text.substr(0, 1 + kind / 64));
  }
}

void Try(std::string_view input) {
  constexpr std::size_t kChoices = 3;
  // Copies are made at each byte: quadratic.
  constexpr std::size_t kLongest = 4096;
  if (input.size() < kChoices || input.size() > kLongest) return;
  const auto choice = [&](std::size_t i) {
    return static_cast<std::uint8_t>(input[i]);
  };
  const std::string_view stream = input.substr(kChoices);
  const std::unique_ptr<Framing> framing =
      Choose(choice(0), choice(1), stream.substr(stream.size() / 2));
  const Outcome whole =
      DecodeInPieces(*framing, stream, std::max<std::size_t>(stream.size(), 1));
  POLYMUX_CHECK(
      DecodeInPieces(*framing, stream, std::size_t{1} + choice(2)) == whole,
      "the pieces in which a stream arrives make a difference");
}

}  // namespace
}  // namespace polymux

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  polymux::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
