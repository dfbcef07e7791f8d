#ifndef POLYMUX_TESTS_REACTOR_FRAMING_SUPPORT_H_
#define POLYMUX_TESTS_REACTOR_FRAMING_SUPPORT_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "reactor/framing.h"

namespace polymux {

// For loops that take long without optimisation, or with a sanitizer.
#ifdef NDEBUG
inline constexpr std::size_t kSlowness = 1;
#else
inline constexpr std::size_t kSlowness = 16;
#endif

// A stream as a connection sees it: bytes come in pieces, and whole frames are
// taken off the front as soon as they are there.
class FrameReader {
 public:
  explicit FrameReader(const Framing* framing) : framing_(framing) {}

  // Takes `piece` and decodes as far as that goes. Nothing more is looked at
  // once the stream has turned out to be malformed.
  void Feed(std::string_view piece);

  const std::vector<std::string>& messages() const { return messages_; }
  // Bytes received and not yet part of a message.
  const std::string& rest() const { return input_; }
  // kIncomplete, or why the stream ended.
  Framing::Status status() const { return status_; }

 private:
  const Framing* framing_;
  std::string input_;
  std::size_t scanned_ = 0;
  Framing::Status status_ = Framing::Status::kIncomplete;
  std::vector<std::string> messages_;
};

// The messages as one stream.
std::string EncodeAll(const Framing& framing,
                      const std::vector<std::string>& messages);

// Decodes the messages as one stream, cut in two at every byte, then byte by
// byte, then in pieces of random sizes; each time they must come out as they
// went in.
void ExpectEverySplitDecodes(const Framing& framing,
                             const std::vector<std::string>& messages);

}  // namespace polymux

#endif  // POLYMUX_TESTS_REACTOR_FRAMING_SUPPORT_H_
