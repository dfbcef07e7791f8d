// Addresses on a command line: each text is refused, or means an address that
// can be written and read again.

#include "reactor/inet_address.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "poller/check.h"

namespace polymux {
namespace {

void Try(const std::string& host) {
  constexpr std::uint16_t kPort = 12345;
  const std::optional<InetAddress> address = InetAddress::Parse(host, kPort);
  if (!address) return;
  POLYMUX_CHECK(host.find('\0') == std::string::npos, "a part is left out");
  POLYMUX_CHECK(address->port() == kPort, "another port");
  const std::string text = address->ToString();
  const std::string port = ":" + std::to_string(kPort);
  POLYMUX_CHECK(text.ends_with(port), "no port at the end");
  std::string again = text.substr(0, text.size() - port.size());
  if (address->family() == AF_INET6) again = again.substr(1, again.size() - 2);
  const std::optional<InetAddress> second = InetAddress::Parse(again, kPort);
  POLYMUX_CHECK(second && second->ToString() == text,
                "an address is read otherwise than written");
}

}  // namespace
}  // namespace polymux

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  polymux::Try(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
