#ifndef POLYMUX_REACTOR_DELIMITER_FRAMING_H_
#define POLYMUX_REACTOR_DELIMITER_FRAMING_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "reactor/framing.h"

namespace polymux {

// Behind each payload, a string that no payload contains; lines, unless told
// otherwise. The first occurrence ends the payload.
class DelimiterFraming : public Framing {
 public:
  // Payloads have at most max_payload bytes. REQUIRES: max_payload <=
  // kLargestPayload; the delimiter has from 1 byte to 64 KiB.
  explicit DelimiterFraming(std::size_t max_payload,
                            std::string_view delimiter = "\n");

  Decoded Decode(std::string_view input, std::size_t* scanned) const override;
  bool CanCarry(std::string_view payload) const override;
  Envelope Enclose(std::string_view payload) const override;
  std::size_t max_frame_size() const override {
    return max_payload_ + delimiter_.size();
  }

 private:
  std::size_t max_payload_;
  std::string delimiter_;
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_DELIMITER_FRAMING_H_
