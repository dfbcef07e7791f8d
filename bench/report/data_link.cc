#include "bench/report/data_link.h"

#include <zlib.h>

#include <cstdint>

#include "poller/check.h"

namespace polymux::bench {

std::string Gzip(std::string_view data) {
  constexpr int kGzipHeader = 16;
  constexpr int kMemoryLevel = 9;
  z_stream stream{};
  POLYMUX_CHECK(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
                             MAX_WBITS + kGzipHeader, kMemoryLevel,
                             Z_DEFAULT_STRATEGY) == Z_OK,
                "no memory to compress");
  std::string compressed(deflateBound(&stream, data.size()), '\0');
  // zlib does not write to what it reads.
  stream.next_in =
      reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));  // NOLINT
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(compressed.data());
  stream.avail_out = static_cast<uInt>(compressed.size());
  const int result = deflate(&stream, Z_FINISH);
  compressed.resize(stream.total_out);
  deflateEnd(&stream);
  POLYMUX_CHECK(result == Z_STREAM_END, "deflateBound was wrong");
  return compressed;
}

std::string Base64(std::string_view data) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((data.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < data.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = i; j < i + 3; ++j) {
      const auto byte = j < data.size() ? static_cast<unsigned char>(data[j])
                                        : static_cast<unsigned char>(0);
      group = group << 8 | byte;
    }
    for (std::size_t j = 0; j < 4; ++j) {
      const bool beyond = i + j > data.size();
      text += beyond ? '=' : kDigits[group >> (18 - 6 * j) & 63];
    }
  }
  return text;
}

}  // namespace polymux::bench
