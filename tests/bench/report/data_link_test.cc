#include "bench/report/data_link.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

namespace polymux::bench {
namespace {

// The counterpart, by zlib's other interface.
std::string Gunzip(std::string compressed, std::size_t size) {
  std::string data(size, '\0');
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, MAX_WBITS + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(compressed.data());
  stream.avail_in = static_cast<uInt>(compressed.size());
  stream.next_out = reinterpret_cast<Bytef*>(data.data());
  stream.avail_out = static_cast<uInt>(data.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  EXPECT_EQ(stream.total_out, size);
  inflateEnd(&stream);
  return data;
}

TEST(DataLinkTest, GzipKeepsTheData) {
  std::string data;
  for (unsigned i = 0; i < 100'000; ++i) data += static_cast<char>(i * i / 7);
  const std::string compressed = Gzip(data);
  EXPECT_EQ(Gunzip(compressed, data.size()), data);
  EXPECT_EQ(Gzip(data), compressed);
  EXPECT_LT(Gzip(std::string(100'000, 'x')).size(), 1000u);
}

// The examples of RFC 4648.
TEST(DataLinkTest, Base64) {
  EXPECT_EQ(Base64(""), "");
  EXPECT_EQ(Base64("f"), "Zg==");
  EXPECT_EQ(Base64("fo"), "Zm8=");
  EXPECT_EQ(Base64("foo"), "Zm9v");
  EXPECT_EQ(Base64("foob"), "Zm9vYg==");
  EXPECT_EQ(Base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(Base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(Base64("\xff\xfe"), "//4=");
}

}  // namespace
}  // namespace polymux::bench
