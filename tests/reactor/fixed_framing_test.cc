#include "reactor/fixed_framing.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/reactor/framing_support.h"
#include "tests/reactor/support.h"

namespace polymux {
namespace {

using Status = Framing::Status;

TEST(FixedFramingTest, CutsIntoEqualParts) {
  const FixedFraming framing(3);
  FrameReader reader(&framing);
  reader.Feed("abcdefgh");
  EXPECT_EQ(reader.messages(), (std::vector<std::string>{"abc", "def"}));
  EXPECT_EQ(reader.rest(), "gh");
  EXPECT_EQ(reader.status(), Status::kIncomplete);
}

TEST(FixedFramingTest, NothingSurroundsAPayload) {
  const FixedFraming framing(3);
  EXPECT_EQ(framing.Encode("abc"), "abc");
  EXPECT_EQ(framing.max_frame_size(), 3U);
}

TEST(FixedFramingTest, CarriesItsSizeOnly) {
  const FixedFraming framing(3);
  EXPECT_TRUE(framing.CanCarry("abc"));
  EXPECT_FALSE(framing.CanCarry("ab"));
  EXPECT_FALSE(framing.CanCarry("abcd"));
  EXPECT_FALSE(framing.CanCarry(""));
}

TEST(FixedFramingTest, F28_EverySplitOf200Messages) {
  for (const std::size_t size : {1U, 2U, 17U}) {
    SCOPED_TRACE(size);
    const std::string bytes = Pattern(200 * size);
    std::vector<std::string> messages;
    for (std::size_t i = 0; i < 200; ++i) {
      messages.push_back(bytes.substr(i * size, size));
    }
    ExpectEverySplitDecodes(FixedFraming(size), messages);
  }
}

TEST(FixedFramingDeathTest, RefusesSizesThatMakeNoSense) {
  EXPECT_DEATH(FixedFraming(0), "from 1 byte");
  EXPECT_DEATH(FixedFraming(Framing::kLargestPayload + 1), "to 1 GiB");
  EXPECT_DEATH(FixedFraming(3).Encode("ab"), "fixed size");
}

}  // namespace
}  // namespace polymux
