#include "tests/reactor/framing_support.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace polymux {
namespace {

// Not EXPECT_EQ on the messages, which would print them all.
void ExpectDecoded(const FrameReader& reader,
                   const std::vector<std::string>& messages) {
  EXPECT_EQ(reader.status(), Framing::Status::kIncomplete);
  EXPECT_EQ(reader.rest(), "");
  EXPECT_EQ(reader.scanned(), 0U);
  EXPECT_EQ(reader.messages().size(), messages.size());
  EXPECT_TRUE(reader.messages() == messages) << "the messages differ";
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
  for (std::size_t split = 0; split <= stream.size(); ++split) {
    SCOPED_TRACE("cut in two at " + std::to_string(split));
    FrameReader reader(&framing);
    reader.Feed(stream.substr(0, split));
    reader.Feed(stream.substr(split));
    ExpectDecoded(reader, messages);
    if (testing::Test::HasFailure()) return;
  }

  SCOPED_TRACE("in pieces");
  std::mt19937 random(1);
  for (const std::size_t largest : {1U, 2U, 3U, 7U, 100U}) {
    FrameReader reader(&framing);
    for (std::size_t at = 0; at < stream.size();) {
      const std::size_t size = 1 + random() % largest;
      reader.Feed(std::string_view(stream).substr(at, size));
      at += size;
    }
    ExpectDecoded(reader, messages);
  }
}

}  // namespace polymux
