#ifndef POLYMUX_REACTOR_FIXED_FRAMING_H_
#define POLYMUX_REACTOR_FIXED_FRAMING_H_

#include <cstddef>
#include <string_view>

#include "reactor/framing.h"

namespace polymux {

// Every message has the same size, and nothing surrounds it.
class FixedFraming : public Framing {
 public:
  // REQUIRES: 1 <= size <= kLargestPayload.
  explicit FixedFraming(std::size_t size);

  Decoded Decode(std::string_view input, std::size_t* scanned) const override;
  bool CanCarry(std::string_view payload) const override;
  Envelope Enclose(std::string_view payload) const override;
  std::size_t max_frame_size() const override { return size_; }

 private:
  std::size_t size_;
};

}  // namespace polymux

#endif  // POLYMUX_REACTOR_FIXED_FRAMING_H_
