#include "reactor/length_framing.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/reactor/framing_support.h"
#include "tests/reactor/support.h"

namespace polymux {
namespace {

using Status = Framing::Status;
using Messages = std::vector<std::string>;

// The header that announces `size`, written by another hand than Encode's.
std::string Header(std::uint32_t size) {
  std::string header;
  for (const int shift : {24, 16, 8, 0}) {
    header += static_cast<char>(size >> shift & 0xff);
  }
  return header;
}

Status StatusOf(const Framing& framing, const std::string& input) {
  std::size_t scanned = 0;
  return framing.Decode(input, &scanned).status;
}

TEST(LengthFramingTest, TheHeaderIsBigEndianAndDoesNotCountItself) {
  const LengthFraming framing(1 << 20);
  EXPECT_EQ(framing.Encode("hello"), std::string("\0\0\0\5hello", 9));
  EXPECT_EQ(framing.Encode(""), std::string("\0\0\0\0", 4));
  EXPECT_EQ(framing.Encode(std::string(0x10203, 'x')).substr(0, 4),
            std::string("\0\1\2\3", 4));
  EXPECT_EQ(framing.max_frame_size(), 4U + (1U << 20));
}

TEST(LengthFramingTest, F28_EverySplitOf200Messages) {
  Messages messages;
  for (std::size_t i = 0; i < 200; ++i) {
    // Of every small size, the empty one too, with bytes that look like
    // headers.
    messages.push_back(Pattern(i % 23));
    if (i % 5 == 0) messages.back() += Header(static_cast<std::uint32_t>(i));
  }
  ExpectEverySplitDecodes(LengthFraming(64), messages);
}

TEST(LengthFramingTest, TheHeaderMayComeByteByByte) {
  const LengthFraming framing(64);
  FrameReader reader(&framing);
  for (const char byte : Header(3)) {
    reader.Feed({&byte, 1});
    EXPECT_EQ(reader.status(), Status::kIncomplete);
    EXPECT_TRUE(reader.messages().empty());
  }
  reader.Feed("abc");
  EXPECT_EQ(reader.messages(), Messages{"abc"});
}

TEST(LengthFramingTest, AnyMessageAtAnySplit) {
  rc::check([](const Messages& messages) {
    const LengthFraming framing(1 << 16);
    const std::string stream = EncodeAll(framing, messages);
    const auto split = *rc::gen::inRange<std::size_t>(0, stream.size() + 1);
    FrameReader reader(&framing);
    reader.Feed(stream.substr(0, split));
    reader.Feed(stream.substr(split));
    RC_ASSERT(reader.messages() == messages);
    RC_ASSERT(reader.rest().empty());
  });
}

// CONFORMANCE.md 36, and what has let such lengths pass elsewhere:
// baresip/re#1584, resiprocate#478, kamailio#4876, CVE-2021-32675.
TEST(LengthFramingTest, Bug36_LengthsAtAndBeyondTheBounds) {
  constexpr std::uint32_t kMax = 100;
  const LengthFraming framing(kMax);
  const std::string plenty(1000, 'x');
  for (const std::uint32_t legal : {0U, 1U, kMax}) {
    SCOPED_TRACE(legal);
    std::size_t scanned = 0;
    const std::string input = Header(legal) + plenty;
    const Framing::Decoded decoded = framing.Decode(input, &scanned);
    EXPECT_EQ(decoded.status, Status::kFrame);
    EXPECT_EQ(decoded.payload.size(), legal);
    EXPECT_EQ(decoded.frame_size, legal + 4);
    if (legal > 0) {
      EXPECT_EQ(StatusOf(framing, input.substr(0, legal + 3)),
                Status::kIncomplete);
    }
  }
  std::vector<std::uint32_t> illegal = {kMax + 1, 0x7fffffff, 0x80000000};
  for (std::uint32_t size = 0xfffffffb; size != 0; ++size) {
    illegal.push_back(size);
  }
  for (const std::uint32_t size : illegal) {
    SCOPED_TRACE(size);
    // By the header alone, before a byte of payload could be waited for.
    EXPECT_EQ(StatusOf(framing, Header(size)), Status::kTooLong);
    EXPECT_EQ(StatusOf(framing, Header(size) + plenty), Status::kTooLong);
  }
}

TEST(LengthFramingTest, Bug36_TheLargestBoundThereIs) {
  const LengthFraming framing(Framing::kLargestPayload);
  EXPECT_EQ(StatusOf(framing, Header(1U << 30)), Status::kIncomplete);
  for (const std::uint32_t size : {(1U << 30) + 1, 0x7fffffffU, 0xfffffffcU}) {
    EXPECT_EQ(StatusOf(framing, Header(size)), Status::kTooLong) << size;
  }
}

TEST(LengthFramingTest, HasALowerBoundOnRequest) {
  const LengthFraming framing(100, 8);
  EXPECT_EQ(StatusOf(framing, Header(0)), Status::kTooShort);
  EXPECT_EQ(StatusOf(framing, Header(7)), Status::kTooShort);
  EXPECT_EQ(StatusOf(framing, Header(8)), Status::kIncomplete);
  EXPECT_FALSE(framing.CanCarry("1234567"));
  EXPECT_TRUE(framing.CanCarry("12345678"));
  EXPECT_EQ(StatusOf(LengthFraming(0), Header(0)), Status::kFrame);
  EXPECT_EQ(StatusOf(LengthFraming(0), Header(1)), Status::kTooLong);
}

TEST(LengthFramingTest, TensOfMiBOfOneByteFramesAreLinear) {
  constexpr std::size_t kFrames = (std::size_t{4} << 20) / kSlowness;
  const LengthFraming framing(1);
  const std::string stream = EncodeAll(framing, Messages(kFrames, "x"));
  std::string_view left = stream;
  std::size_t scanned = 0;
  std::size_t messages = 0;
  while (!left.empty()) {
    const Framing::Decoded decoded = framing.Decode(left, &scanned);
    ASSERT_EQ(decoded.status, Status::kFrame);
    left.remove_prefix(decoded.frame_size);
    ++messages;
  }
  EXPECT_EQ(messages, kFrames);
}

TEST(LengthFramingDeathTest, RefusesBoundsThatMakeNoSense) {
  EXPECT_DEATH(LengthFraming(4, 5), "ordered");
  EXPECT_DEATH(LengthFraming(Framing::kLargestPayload + 1), "1 GiB");
  EXPECT_DEATH(LengthFraming(4).Encode("12345"), "beyond");
}

}  // namespace
}  // namespace polymux
