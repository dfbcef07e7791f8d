#ifndef POLYMUX_APPS_BANK_PROTOCOL_H_
#define POLYMUX_APPS_BANK_PROTOCOL_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "apps/bank/money.h"

namespace polymux {

// The bodies of the bank's messages, which a frame with a length carries:
//
//   request                                                          reply
//   <bizcode>00001</bizcode>                                         00002
//   <bizcode>00101</bizcode><username>U</username><password>P</password>
//                                                                    00102
//   <bizcode>00201</bizcode><cardid>C</cardid>                       00202
//   <bizcode>00301</bizcode><from>A</from><to>B</to><amount>12.30</amount>
//                                                                    00302
//   <bizcode>00901</bizcode>                                         00902
//
//   <bizcode>00202</bizcode><retcode>0</retcode><message>5088.80</message>
//
// A body has exactly these fields in this order and nothing between them. A
// value is one or more bytes without control characters and without '<'; there
// is no escape. All sizes are bounded, and reading takes linear time.
//
// Nothing here throws but for want of memory. Any thread.

// The longest request is some 280 bytes, the longest reply shorter than this.
inline constexpr std::size_t kMaxBody = 512;

struct Heartbeat {};
struct Login {
  std::string_view username;
  std::string_view password;
};
struct BalanceQuery {
  std::string_view card;
};
struct Transfer {
  std::string_view from;
  std::string_view to;
  Cents amount = 0;
};
struct Logout {};

// What cannot be understood, and how to answer it.
struct BadRequest {
  std::string_view reply_code;
  std::string_view why;
};

using Request =
    std::variant<Heartbeat, Login, BalanceQuery, Transfer, Logout, BadRequest>;

// The result refers to `body`.
Request ParseRequest(std::string_view body);

// The bizcode of the reply to a request.
std::string_view ReplyCode(const Request& request);

// Empty when a value is empty, too long, or holds what no value may.
std::optional<std::string> FormatRequest(const Request& request);

// What has become of a request.
enum class Outcome {
  kDone,     // retcode 0
  kRefused,  // -1: nothing was done
  kUnknown,  // -2: it is not known whether it was done
};

struct Reply {
  std::string_view code;
  Outcome outcome = Outcome::kRefused;
  std::string_view message;
};

// REQUIRES: code and message can be values.
std::string FormatReply(const Reply& reply);

// The result refers to `body`. Empty when it is no reply.
std::optional<Reply> ParseReply(std::string_view body);

}  // namespace polymux

#endif  // POLYMUX_APPS_BANK_PROTOCOL_H_
