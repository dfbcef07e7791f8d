#include "apps/codec.h"

#include <stdexcept>
#include <string>

#include "apps/flag_values.h"
#include "reactor/delimiter_framing.h"
#include "reactor/fixed_framing.h"
#include "reactor/length_framing.h"

namespace polymux {
namespace {

constexpr std::string_view kFixed = "fixed:";

[[noreturn]] void Reject(std::string_view text, const std::string& why) {
  throw std::invalid_argument("'" + std::string(text) + "': " + why);
}

}  // namespace

std::shared_ptr<const Framing> MakeFraming(std::string_view text,
                                           std::size_t max_frame) {
  if (text == "raw") return nullptr;
  if (text == "length") return std::make_shared<LengthFraming>(max_frame);
  if (text == "delimiter") return std::make_shared<DelimiterFraming>(max_frame);
  if (!text.starts_with(kFixed)) {
    Reject(text, "a codec is " + std::string(kCodecNames));
  }
  const std::size_t size = ParseSize(text.substr(kFixed.size()));
  if (size < 1 || size > max_frame) {
    Reject(text, "a message has from 1 byte to the largest frame, " +
                     FormatSize(max_frame));
  }
  return std::make_shared<FixedFraming>(size);
}

}  // namespace polymux
