// The values of flags: each text is refused with a message, or means something
// that can be written and read again.

#include "apps/flag_values.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string_view>

#include "apps/codec.h"
#include "poller/check.h"
#include "reactor/framing.h"

namespace polymux {
namespace {

template <typename Function>
void OrARefusal(Function function) {
  try {
    function();
  } catch (const std::invalid_argument& error) {
    POLYMUX_CHECK(*error.what() != '\0', "refused without a word");
  }
}

void Try(std::string_view text) {
  OrARefusal([&] {
    const auto duration = ParseDuration(text);
    POLYMUX_CHECK(duration.count() >= 0, "a negative duration");
    POLYMUX_CHECK(ParseDuration(FormatDuration(duration)) == duration,
                  "a duration is read otherwise than written");
  });
  OrARefusal([&] {
    const std::size_t size = ParseSize(text);
    POLYMUX_CHECK(ParseSize(FormatSize(size)) == size,
                  "a size is read otherwise than written");
  });
  OrARefusal([&] {
    const CountOrPercent count = ParseCountOrPercent(text);
    POLYMUX_CHECK(!count.is_percent || count.Of(1000) <= 1000, "more than all");
  });
  OrARefusal([&] {
    constexpr std::size_t kMaxFrame = 1000;
    const std::shared_ptr<const Framing> framing = MakeFraming(text, kMaxFrame);
    POLYMUX_CHECK(!framing || framing->max_frame_size() <= kMaxFrame + 4,
                  "a framing beyond its bound");
  });
}

}  // namespace
}  // namespace polymux

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  polymux::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
