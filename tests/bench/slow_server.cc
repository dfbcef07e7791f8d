// echo_server, which computes for POLYMUX_EXTRA_NS nanoseconds more whenever a
// connection has something to read: a difference of known size, to see whether
// the lab finds it. With a single message on its way per connection, that is
// once per message. The cost is told by the environment because the lab chooses
// the flags of a server that it starts.

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <utility>

#include "apps/echo.h"
#include "reactor/connection.h"
#include "tests/bench/extra_work.h"

namespace {

using polymux::Buffer;
using polymux::Connection;
using polymux::bench::ExtraWork;

constexpr const char* kVariable = "POLYMUX_EXTRA_NS";
constexpr long kMost = 1'000'000'000;

std::optional<std::chrono::nanoseconds> ExtraCost() {
  const char* const value = std::getenv(kVariable);
  if (value == nullptr) return std::nullopt;
  const std::string_view text = value;
  long nanoseconds = -1;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), nanoseconds);
  if (error != std::errc() || end != text.data() + text.size() ||
      nanoseconds < 0 || nanoseconds > kMost) {
    return std::nullopt;
  }
  return std::chrono::nanoseconds(nanoseconds);
}

}  // namespace

int main(int argc, char** argv) {
  const std::optional<std::chrono::nanoseconds> cost = ExtraCost();
  if (!cost) {
    std::fprintf(stderr, "slow_server: %s must be set, from 0 to %ld\n",
                 kVariable, kMost);
    return 2;
  }
  const ExtraWork work(*cost);
  return polymux::AdjustedEchoServerMain(
      argc, argv, [&work](polymux::ConnectionCallbacks* callbacks) {
        callbacks->on_message = [&work,
                                 echo = std::move(callbacks->on_message)](
                                    Connection& connection, Buffer& input) {
          work.Do();
          echo(connection, input);
        };
        callbacks->on_frame = [&work, echo = std::move(callbacks->on_frame)](
                                  Connection& connection,
                                  std::string_view payload) {
          work.Do();
          echo(connection, payload);
        };
      });
}
