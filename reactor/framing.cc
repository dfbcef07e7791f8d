#include "reactor/framing.h"

namespace polymux {

std::string Framing::Encode(std::string_view payload) const {
  const Envelope envelope = Enclose(payload);
  std::string frame;
  frame.reserve(envelope.header().size() + payload.size() +
                envelope.trailer().size());
  frame += envelope.header();
  frame += payload;
  frame += envelope.trailer();
  return frame;
}

}  // namespace polymux
