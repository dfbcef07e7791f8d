#include "apps/bank/protocol.h"

#include <algorithm>
#include <array>
#include <utility>

#include "poller/check.h"

namespace polymux {
namespace {

constexpr std::size_t kCodeSize = 5;
constexpr std::size_t kRetcodeSize = 2;
constexpr std::size_t kMaxName = 64;
constexpr std::size_t kMaxPassword = 128;
constexpr std::size_t kMaxAmount = 20;
constexpr std::size_t kMaxMessage = 256;

constexpr std::string_view kNotUnderstood = "00000";

// In the order of Request, without BadRequest.
constexpr std::array<std::string_view, 5> kRequestCodes = {
    "00001", "00101", "00201", "00301", "00901"};
constexpr std::array<std::string_view, 5> kReplyCodes = {
    "00002", "00102", "00202", "00302", "00902"};

// In the order of Outcome.
constexpr std::array<std::string_view, 3> kRetcodes = {"0", "-1", "-2"};

bool IsValue(std::string_view text, std::size_t max_size) {
  constexpr unsigned char kDelete = 0x7f;
  const auto allowed = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= ' ' && byte != kDelete && byte != '<';
  };
  return !text.empty() && text.size() <= max_size &&
         std::ranges::all_of(text, allowed);
}

// Reads fields from the front of a body. After the first that is not as it
// should be all are empty, and Complete is false.
class FieldReader {
 public:
  explicit FieldReader(std::string_view body) : rest_(body) {}

  std::string_view Take(std::string_view tag, std::size_t max_size) {
    Expect("<");
    Expect(tag);
    Expect(">");
    // One byte more than allowed is enough to see that it is too long.
    const std::string_view window = rest_.substr(0, max_size + 1);
    const std::string_view value = window.substr(0, window.find('<'));
    ok_ = ok_ && IsValue(value, max_size);
    if (ok_) rest_.remove_prefix(value.size());
    Expect("</");
    Expect(tag);
    Expect(">");
    return ok_ ? value : std::string_view();
  }

  // Whether everything was there, and nothing more.
  bool Complete() const { return ok_ && rest_.empty(); }

 private:
  void Expect(std::string_view text) {
    ok_ = ok_ && rest_.starts_with(text);
    if (ok_) rest_.remove_prefix(text.size());
  }

  std::string_view rest_;
  bool ok_ = true;
};

// Writes what FieldReader reads.
class FieldWriter {
 public:
  void Put(std::string_view tag, std::string_view value, std::size_t max_size) {
    ok_ = ok_ && IsValue(value, max_size);
    body_.append("<").append(tag).append(">").append(value);
    body_.append("</").append(tag).append(">");
  }

  // Empty when one of the values could not be read back.
  std::optional<std::string> Finish() && {
    if (!ok_) return std::nullopt;
    return std::move(body_);
  }

 private:
  std::string body_;
  bool ok_ = true;
};

Request ParseLogin(FieldReader& fields) {
  Login login;
  login.username = fields.Take("username", kMaxName);
  login.password = fields.Take("password", kMaxPassword);
  return login;
}

Request ParseTransfer(FieldReader& fields) {
  Transfer transfer;
  transfer.from = fields.Take("from", kMaxName);
  transfer.to = fields.Take("to", kMaxName);
  const std::optional<Cents> amount =
      ParseCents(fields.Take("amount", kMaxAmount));
  if (!amount && fields.Complete()) {
    return BadRequest{"00302", "an amount is like 12.30"};
  }
  transfer.amount = amount.value_or(0);
  return transfer;
}

Request ParseFields(std::string_view code, FieldReader& fields) {
  if (code == "00001") return Heartbeat{};
  if (code == "00101") return ParseLogin(fields);
  if (code == "00201") return BalanceQuery{fields.Take("cardid", kMaxName)};
  if (code == "00301") return ParseTransfer(fields);
  if (code == "00901") return Logout{};
  return BadRequest{kNotUnderstood, "unknown bizcode"};
}

}  // namespace

Request ParseRequest(std::string_view body) {
  FieldReader fields(body);
  const std::string_view code = fields.Take("bizcode", kCodeSize);
  if (code.empty()) return BadRequest{kNotUnderstood, "malformed request"};
  Request request = ParseFields(code, fields);
  if (std::holds_alternative<BadRequest>(request) || fields.Complete()) {
    return request;
  }
  return BadRequest{ReplyCode(request), "malformed request"};
}

std::string_view ReplyCode(const Request& request) {
  if (const auto* const bad = std::get_if<BadRequest>(&request)) {
    return bad->reply_code;
  }
  return kReplyCodes.at(request.index());
}

std::optional<std::string> FormatRequest(const Request& request) {
  if (std::holds_alternative<BadRequest>(request)) return std::nullopt;
  FieldWriter fields;
  fields.Put("bizcode", kRequestCodes.at(request.index()), kCodeSize);
  if (const auto* const login = std::get_if<Login>(&request)) {
    fields.Put("username", login->username, kMaxName);
    fields.Put("password", login->password, kMaxPassword);
  } else if (const auto* const query = std::get_if<BalanceQuery>(&request)) {
    fields.Put("cardid", query->card, kMaxName);
  } else if (const auto* const transfer = std::get_if<Transfer>(&request)) {
    fields.Put("from", transfer->from, kMaxName);
    fields.Put("to", transfer->to, kMaxName);
    fields.Put("amount", FormatCents(transfer->amount), kMaxAmount);
  }
  return std::move(fields).Finish();
}

std::string FormatReply(const Reply& reply) {
  FieldWriter fields;
  fields.Put("bizcode", reply.code, kCodeSize);
  fields.Put("retcode", kRetcodes.at(static_cast<std::size_t>(reply.outcome)),
             kRetcodeSize);
  fields.Put("message", reply.message, kMaxMessage);
  std::optional<std::string> body = std::move(fields).Finish();
  POLYMUX_CHECK(body.has_value(), "a reply that nobody can read");
  return *std::move(body);
}

std::optional<Reply> ParseReply(std::string_view body) {
  FieldReader fields(body);
  Reply reply;
  reply.code = fields.Take("bizcode", kCodeSize);
  const std::string_view retcode = fields.Take("retcode", kRetcodeSize);
  reply.message = fields.Take("message", kMaxMessage);
  const auto found = std::ranges::find(kRetcodes, retcode);
  if (!fields.Complete() || found == kRetcodes.end()) return std::nullopt;
  reply.outcome = static_cast<Outcome>(found - kRetcodes.begin());
  return reply;
}

}  // namespace polymux
