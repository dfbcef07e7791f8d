#include "tests/reactor/framing_support.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace polymux {
namespace {

// How far a stream, which is there as a whole, has been decoded.
struct Progress {
  std::size_t consumed = 0;
  std::size_t scanned = 0;
  std::size_t messages = 0;
};

// Decodes as if only the first `arrived` bytes were there. False when anything
// else comes out than `messages`. No copies: this runs for every split.
bool Decode(const Framing& framing, std::string_view stream,
            std::size_t arrived, const std::vector<std::string>& messages,
            Progress* progress) {
  for (;;) {
    const std::string_view input =
        stream.substr(progress->consumed, arrived - progress->consumed);
    const Framing::Decoded decoded = framing.Decode(input, &progress->scanned);
    if (decoded.status == Framing::Status::kIncomplete) return true;
    if (decoded.status != Framing::Status::kFrame ||
        progress->messages == messages.size() ||
        decoded.payload != messages[progress->messages]) {
      return false;
    }
    progress->consumed += decoded.frame_size;
    ++progress->messages;
  }
}

}  // namespace

void FrameReader::Feed(std::string_view piece) {
  if (status_ != Framing::Status::kIncomplete) return;
  input_ += piece;
  std::string_view left = input_;
  for (;;) {
    const Framing::Decoded decoded = framing_->Decode(left, &scanned_);
    if (decoded.status != Framing::Status::kFrame) {
      status_ = decoded.status;
      break;
    }
    messages_.emplace_back(decoded.payload);
    left.remove_prefix(decoded.frame_size);
  }
  input_.erase(0, input_.size() - left.size());
}

std::string EncodeAll(const Framing& framing,
                      const std::vector<std::string>& messages) {
  std::string stream;
  for (const std::string& message : messages) {
    stream += framing.Encode(message);
  }
  return stream;
}

void ExpectEverySplitDecodes(const Framing& framing,
                             const std::vector<std::string>& messages) {
  const std::string stream = EncodeAll(framing, messages);
  const auto is_complete = [&](const Progress& progress) {
    return progress.consumed == stream.size() &&
           progress.messages == messages.size() && progress.scanned == 0;
  };
  for (std::size_t split = 0; split <= stream.size(); ++split) {
    Progress progress;
    const bool same =
        Decode(framing, stream, split, messages, &progress) &&
        Decode(framing, stream, stream.size(), messages, &progress);
    ASSERT_TRUE(same && is_complete(progress)) << "cut in two at " << split;
  }

  std::mt19937 random(1);
  for (const std::size_t largest : {1U, 2U, 3U, 7U, 100U}) {
    Progress progress;
    for (std::size_t arrived = 0; arrived < stream.size();) {
      arrived = std::min(arrived + 1 + random() % largest, stream.size());
      ASSERT_TRUE(Decode(framing, stream, arrived, messages, &progress))
          << "in pieces of up to " << largest << ", " << arrived << " bytes in";
    }
    ASSERT_TRUE(is_complete(progress)) << "in pieces of up to " << largest;
  }
}

}  // namespace polymux
