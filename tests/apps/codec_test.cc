#include "apps/codec.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace polymux {
namespace {

std::string ErrorOf(std::string_view text, std::size_t max_frame = 1024) {
  try {
    MakeFraming(text, max_frame);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

TEST(MakeFramingTest, EachName) {
  EXPECT_EQ(MakeFraming("raw", 100), nullptr);
  EXPECT_EQ(MakeFraming("fixed:64", 100)->Encode(std::string(64, 'x')),
            std::string(64, 'x'));
  EXPECT_EQ(MakeFraming("fixed:1k", 1024)->max_frame_size(), 1024U);
  EXPECT_EQ(MakeFraming("length", 100)->Encode("x"),
            std::string("\0\0\0\1x", 5));
  EXPECT_EQ(MakeFraming("delimiter", 100)->Encode("x"), "x\n");
}

TEST(MakeFramingTest, TheBoundIsPassedOn) {
  EXPECT_EQ(MakeFraming("length", 100)->max_frame_size(), 104U);
  EXPECT_EQ(MakeFraming("delimiter", 100)->max_frame_size(), 101U);
  EXPECT_EQ(ErrorOf("fixed:100", 100), "");
  EXPECT_EQ(ErrorOf("fixed:1025"),
            "'fixed:1025': a message has from 1 byte to the largest frame, 1k");
}

TEST(MakeFramingTest, ErrorsTellWhatIsLegal) {
  for (const char* const text :
       {"", "Raw", "lines", "fixed", "length:4", "delimiter:", "raw "}) {
    EXPECT_EQ(ErrorOf(text), "'" + std::string(text) +
                                 "': a codec is raw, fixed:N, length or "
                                 "delimiter");
  }
  for (const char* const text :
       {"fixed:", "fixed:x", "fixed:-1", "fixed: 1", "fixed:0",
        "fixed:99999999999999999999", "fixed:64q"}) {
    EXPECT_NE(ErrorOf(text), "") << text;
  }
}

}  // namespace
}  // namespace polymux
