#include "reactor/check_options.h"

#include <initializer_list>
#include <stdexcept>
#include <utility>

namespace polymux {
namespace {

std::optional<BadOption> CheckOutput(const Connection::Options& options) {
  if (options.low_water > options.high_water) {
    return BadOption{"low_water", "must not exceed high_water"};
  }
  if (options.high_water > options.max_output) {
    return BadOption{"high_water", "must not exceed max_output"};
  }
  if (!options.framing) return std::nullopt;
  const std::size_t frame = options.framing->max_frame_size();
  if (options.max_handed_over > 0 && options.max_handed_over < frame) {
    return BadOption{
        "max_handed_over",
        "must hold a frame of " + std::to_string(frame) + " bytes, or be zero"};
  }
  const std::size_t room = options.max_output - options.high_water;
  if (frame <= room) return std::nullopt;
  return BadOption{"max_output",
                   "must leave room above high_water for a frame of " +
                       std::to_string(frame) + " bytes, and leaves " +
                       std::to_string(room)};
}

std::optional<BadOption> CheckTimeouts(const ConnectionTimeouts& timeouts) {
  for (const auto& [name, time] :
       {std::pair("timeouts.first_byte", timeouts.first_byte),
        {"timeouts.frame", timeouts.frame},
        {"timeouts.idle", timeouts.idle},
        {"timeouts.write", timeouts.write},
        {"timeouts.linger", timeouts.linger}}) {
    if (time.count() < 0) return BadOption{name, "must not be negative"};
  }
  return std::nullopt;
}

}  // namespace

std::optional<BadOption> CheckOptions(const Connection::Options& options) {
  if (auto bad = CheckOutput(options)) return bad;
  return CheckTimeouts(options.timeouts);
}

void RequireGoodOptions(const Connection::Options& options) {
  if (const auto bad = CheckOptions(options)) {
    throw std::invalid_argument(std::string(bad->name) + " " + bad->why);
  }
}

}  // namespace polymux
