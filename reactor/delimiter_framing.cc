#include "reactor/delimiter_framing.h"

#include <string.h>

#include <algorithm>

#include "poller/check.h"

namespace polymux {
namespace {

// Where `needle` begins in `text`, npos if nowhere. memmem(3), for glibc's is
// linear whatever the needle; std::string_view::find is not.
std::size_t Find(std::string_view text, std::string_view needle) {
  if (text.size() < needle.size()) return std::string_view::npos;
  const void* const found =
      ::memmem(text.data(), text.size(), needle.data(), needle.size());
  if (found == nullptr) return std::string_view::npos;
  return static_cast<std::size_t>(static_cast<const char*>(found) -
                                  text.data());
}

}  // namespace

DelimiterFraming::DelimiterFraming(std::size_t max_payload,
                                   std::string_view delimiter)
    : max_payload_(max_payload), delimiter_(delimiter) {
  constexpr std::size_t kLongestDelimiter = std::size_t{64} * 1024;
  POLYMUX_CHECK(max_payload <= kLargestPayload, "a payload has at most 1 GiB");
  POLYMUX_CHECK(!delimiter.empty() && delimiter.size() <= kLongestDelimiter,
                "a delimiter has from 1 byte to 64 KiB");
}

Framing::Decoded DelimiterFraming::Decode(std::string_view input,
                                          std::size_t* scanned) const {
  // A delimiter that begins further on ends too long a payload.
  const std::string_view window = input.substr(0, max_frame_size());
  const std::size_t begin = std::min(*scanned, window.size());
  const std::size_t found = Find(window.substr(begin), delimiter_);
  if (found != std::string_view::npos) {
    *scanned = 0;
    const std::size_t size = begin + found;
    return {.status = Status::kFrame,
            .payload = input.substr(0, size),
            .frame_size = size + delimiter_.size()};
  }
  if (window.size() == max_frame_size()) return {.status = Status::kTooLong};
  // The last bytes may be the beginning of a delimiter.
  const std::size_t kept = std::min(window.size(), delimiter_.size() - 1);
  *scanned = window.size() - kept;
  return {};
}

bool DelimiterFraming::CanCarry(std::string_view payload) const {
  if (payload.size() > max_payload_) return false;
  // Not only within the payload: "ab" before "aba" would end at its start.
  std::string frame(payload);
  frame += delimiter_;
  return Find(frame, delimiter_) == payload.size();
}

Framing::Envelope DelimiterFraming::Enclose(std::string_view payload) const {
  POLYMUX_CHECK(payload.size() <= max_payload_,
                "a payload beyond the framing's bound");
  POLYMUX_DCHECK(CanCarry(payload), "a payload that contains the delimiter");
  return Envelope::WithTrailer(delimiter_);
}

}  // namespace polymux
