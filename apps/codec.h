#ifndef POLYMUX_APPS_CODEC_H_
#define POLYMUX_APPS_CODEC_H_

#include <cstddef>
#include <memory>
#include <string_view>

#include "reactor/framing.h"

namespace polymux {

// What --codec may be, for help texts.
inline constexpr std::string_view kCodecNames =
    "raw, fixed:N, length or delimiter";

// The framing that `text` names, for payloads of at most max_frame bytes:
// "fixed:64" (1 <= N <= max_frame), "length", "delimiter" (lines). Null for
// "raw". Throws std::invalid_argument with a message for the user. REQUIRES:
// max_frame <= Framing::kLargestPayload.
std::shared_ptr<const Framing> MakeFraming(std::string_view text,
                                           std::size_t max_frame);

}  // namespace polymux

#endif  // POLYMUX_APPS_CODEC_H_
