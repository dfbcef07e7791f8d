#ifndef POLYMUX_REACTOR_CHECK_OPTIONS_H_
#define POLYMUX_REACTOR_CHECK_OPTIONS_H_

#include <optional>
#include <string>
#include <string_view>

#include "reactor/connection.h"

namespace polymux {

// An option whose value cannot be served, by itself or beside another one.
struct BadOption {
  std::string_view name;  // the member's: "max_output"
  std::string why;        // goes on from there: "must not be ..."
};

// Empty when connections can keep what these options promise:
//
// - low_water <= high_water <= max_output;
// - with framing, one message of the largest size fits on top of high_water
//   within max_output: reading pauses above high_water, so a peer that is
//   answered message by message, each with one no larger than it may send, is
//   never closed for the reply to what was allowed;
// - with framing, other threads may hand over one message of the largest size;
// - no time is negative.
//
// TcpServer and TcpClient refuse others.
std::optional<BadOption> CheckOptions(const Connection::Options& options);

// Throws std::invalid_argument with name and reason.
void RequireGoodOptions(const Connection::Options& options);

}  // namespace polymux

#endif  // POLYMUX_REACTOR_CHECK_OPTIONS_H_
