// The bodies of the bank's messages, requests and replies.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "apps/bank/protocol.h"
#include "poller/check.h"

namespace polymux {
namespace {

void TryRequest(std::string_view body) {
  const Request request = ParseRequest(body);
  if (const auto* const bad = std::get_if<BadRequest>(&request)) {
    const std::string reply = FormatReply({.code = bad->reply_code,
                                           .outcome = Outcome::kRefused,
                                           .message = bad->why});
    POLYMUX_CHECK(ParseReply(reply).has_value(), "a reply nobody can read");
    return;
  }
  POLYMUX_CHECK(body.size() <= kMaxBody, "a request that fits no frame");
  POLYMUX_CHECK(FormatRequest(request) == body,
                "two ways to write one request");
}

void TryReply(std::string_view body) {
  const std::optional<Reply> reply = ParseReply(body);
  POLYMUX_CHECK(!reply || FormatReply(*reply) == body,
                "two ways to write one reply");
}

}  // namespace
}  // namespace polymux

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  polymux::TryRequest(body);
  polymux::TryReply(body);
  return 0;
}
