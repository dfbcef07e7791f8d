#include "reactor/delimiter_framing.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/reactor/framing_support.h"

namespace polymux {
namespace {

using Status = Framing::Status;
using Messages = std::vector<std::string>;

TEST(DelimiterFramingTest, CutsIntoLines) {
  const DelimiterFraming framing(100);
  FrameReader reader(&framing);
  reader.Feed("one\n\nthree\r\nrest");
  EXPECT_EQ(reader.messages(), (Messages{"one", "", "three\r"}));
  EXPECT_EQ(reader.rest(), "rest");
  EXPECT_EQ(framing.Encode("line"), "line\n");
  EXPECT_EQ(framing.max_frame_size(), 101U);
}

TEST(DelimiterFramingTest, ADelimiterOfSeveralBytes) {
  const DelimiterFraming framing(100, "\r\n\r\n");
  FrameReader reader(&framing);
  reader.Feed("a\r\nb\r\n\r\n\r\n\r\n\n\r\n\r");
  EXPECT_EQ(reader.messages(), (Messages{"a\r\nb", ""}));
  EXPECT_EQ(reader.rest(), "\n\r\n\r");
  reader.Feed("\n");
  EXPECT_EQ(reader.messages().back(), "\n");
}

TEST(DelimiterFramingTest, ZeroBytesAreBytes) {
  const DelimiterFraming framing(100, std::string_view("\0\n", 2));
  FrameReader reader(&framing);
  reader.Feed(std::string_view("a\0b\0\n", 5));
  EXPECT_EQ(reader.messages(), Messages{std::string("a\0b", 3)});
}

TEST(DelimiterFramingTest, F28_EverySplitOf200Messages) {
  for (const std::string_view delimiter : {"\n", "\r\n", "aab", "--end--"}) {
    SCOPED_TRACE(delimiter);
    const DelimiterFraming framing(64, delimiter);
    Messages messages;
    // Of bytes of the delimiter only, so that its beginnings are everywhere.
    for (std::size_t i = 0; messages.size() < 200; ++i) {
      std::string message;
      for (std::size_t bits = i; bits > 0; bits /= 3) {
        message += delimiter[bits % 3 % delimiter.size()];
      }
      if (framing.CanCarry(message)) messages.push_back(message);
      if (delimiter.size() == 1) messages.push_back(std::string(i % 20, 'x'));
    }
    messages.resize(200);
    ExpectEverySplitDecodes(framing, messages);
  }
}

// Against the obvious way to do it, with a search from the start each time.
TEST(DelimiterFramingTest, AgreesWithASearchFromTheStart) {
  rc::check([] {
    const auto letters =
        rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab")));
    const std::string delimiter = *rc::gen::nonEmpty(letters);
    const std::string stream = *letters;
    const std::size_t max = *rc::gen::inRange<std::size_t>(0, 12);

    Messages expected;
    Status status = Status::kIncomplete;
    std::size_t at = 0;
    for (;;) {
      const std::size_t end = stream.find(delimiter, at);
      const std::size_t size = end - at;
      if (end == std::string::npos || size > max) {
        // Without an end in sight it is too long as soon as no end can come.
        const bool too_long = end != std::string::npos ||
                              stream.size() - at >= max + delimiter.size();
        if (too_long) status = Status::kTooLong;
        break;
      }
      expected.push_back(stream.substr(at, size));
      at = end + delimiter.size();
    }

    const DelimiterFraming framing(max, delimiter);
    const std::size_t piece = *rc::gen::inRange<std::size_t>(1, 10);
    FrameReader reader(&framing);
    for (std::size_t i = 0; i < stream.size(); i += piece) {
      reader.Feed(std::string_view(stream).substr(i, piece));
    }
    RC_ASSERT(reader.messages() == expected);
    RC_ASSERT(reader.status() == status);
  });
}

TEST(DelimiterFramingTest, TheBoundIsThePayloads) {
  const DelimiterFraming framing(5, "\r\n");
  const auto status = [&](std::string_view input) {
    FrameReader reader(&framing);
    reader.Feed(input);
    return reader.status();
  };
  EXPECT_EQ(status("12345\r"), Status::kIncomplete);
  EXPECT_EQ(status("123456"), Status::kIncomplete) << "may not be known yet";
  EXPECT_EQ(status("1234567"), Status::kTooLong);
  EXPECT_EQ(status("12345\r\n"), Status::kIncomplete) << "of the next frame";
  EXPECT_EQ(status("123456\r\n"), Status::kTooLong);
  FrameReader reader(&framing);
  reader.Feed("12345\r\n123456\r\n");
  EXPECT_EQ(reader.messages(), Messages{"12345"});
  EXPECT_EQ(reader.status(), Status::kTooLong);
}

// A drip must not be searched from its start for each byte. Seen by hiding what
// was searched: a delimiter put there afterwards is not found.
TEST(DelimiterFramingTest, DoesNotSearchTwice) {
  const DelimiterFraming framing(1 << 20, "--");
  std::string input(1000, 'x');
  std::size_t scanned = 0;
  EXPECT_EQ(framing.Decode(input, &scanned).status, Status::kIncomplete);
  EXPECT_EQ(scanned, 999U) << "all but what may begin a delimiter";
  input.replace(0, 2, "--");
  input += "x--";
  const Framing::Decoded decoded = framing.Decode(input, &scanned);
  EXPECT_EQ(decoded.payload.size(), 1001U);
  EXPECT_EQ(scanned, 0U);
}

TEST(DelimiterFramingTest, ADripOfAMiBIsLinear) {
  // By a search from the start each time these are 2^39 comparisons.
  const std::size_t size = (std::size_t{1} << 20) / kSlowness;
  const DelimiterFraming framing(size);
  const std::string input = std::string(size, 'x') + '\n';
  std::size_t scanned = 0;
  for (std::size_t have = 0; have < input.size(); ++have) {
    const std::string_view part = std::string_view(input).substr(0, have);
    ASSERT_EQ(framing.Decode(part, &scanned).status, Status::kIncomplete);
  }
  EXPECT_EQ(framing.Decode(input, &scanned).payload.size(), size);
}

TEST(DelimiterFramingTest, TensOfMiBOfOneByteFramesAreLinear) {
  const DelimiterFraming framing(100);
  constexpr std::size_t kFrames = (std::size_t{8} << 20) / kSlowness;
  const std::string stream = EncodeAll(framing, Messages(kFrames, "x"));
  std::string_view left = stream;
  std::size_t scanned = 0;
  while (!left.empty()) {
    const Framing::Decoded decoded = framing.Decode(left, &scanned);
    ASSERT_EQ(decoded.frame_size, 2U);
    left.remove_prefix(decoded.frame_size);
  }
}

TEST(DelimiterFramingTest, CarriesWhatDoesNotContainTheDelimiter) {
  const DelimiterFraming framing(5, "aba");
  EXPECT_TRUE(framing.CanCarry(""));
  EXPECT_TRUE(framing.CanCarry("xxxxx"));
  EXPECT_FALSE(framing.CanCarry("xxxxxx")) << "too long";
  EXPECT_FALSE(framing.CanCarry("xabax"));
  EXPECT_FALSE(framing.CanCarry("ab")) << "ababa begins with a delimiter";
}

TEST(DelimiterFramingDeathTest, RefusesWhatMakesNoSense) {
  EXPECT_DEATH(DelimiterFraming(5, ""), "from 1 byte");
  EXPECT_DEATH(DelimiterFraming(5, std::string(65537, 'x')), "to 64 KiB");
  EXPECT_DEATH(DelimiterFraming(Framing::kLargestPayload + 1), "1 GiB");
  EXPECT_DEATH(DelimiterFraming(5).Encode("123456"), "beyond");
}

}  // namespace
}  // namespace polymux
