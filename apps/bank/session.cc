#include "apps/bank/session.h"

#include <spdlog/spdlog.h>

#include <utility>
#include <variant>

namespace polymux {
namespace {

constexpr std::string_view kLogInFirst = "log in first";
constexpr std::string_view kEnded = "too many failed logins";

}  // namespace

Session::Session(Ledger* ledger, std::string peer, int max_failed_logins)
    : ledger_(ledger),
      peer_(std::move(peer)),
      max_failed_logins_(max_failed_logins) {}

std::string Session::Answer(std::string_view body) {
  Request request = ParseRequest(body);
  if (ended()) request = BadRequest{ReplyCode(request), kEnded};
  const Result result =
      std::visit([this](const auto& known) { return Handle(known); }, request);
  return FormatReply({.code = ReplyCode(request),
                      .done = result.done,
                      .message = result.message});
}

Session::Result Session::Handle(const Heartbeat& /*request*/) {
  return {true, "alive"};
}

Session::Result Session::Handle(const Login& request) {
  customer_.clear();
  const LedgerStatus status =
      ledger_->CheckPassword(request.username, request.password);
  if (status == LedgerStatus::kDone) {
    customer_ = request.username;
    return {true, "logged in"};
  }
  if (status == LedgerStatus::kWrongPassword) {
    ++failed_logins_;
    // {:?} escapes what the peer has sent.
    spdlog::warn("{}: failed login {} of {} as {:?}", peer_, failed_logins_,
                 max_failed_logins_, request.username);
  }
  return {false, std::string(ToString(status))};
}

Session::Result Session::Handle(const BalanceQuery& request) {
  if (customer_.empty()) return {false, std::string(kLogInFirst)};
  Cents balance = 0;
  const LedgerStatus status =
      ledger_->Balance(customer_, request.card, &balance);
  if (status == LedgerStatus::kDone) return {true, FormatCents(balance)};
  return {false, std::string(ToString(status))};
}

Session::Result Session::Handle(const Transfer& request) {
  if (customer_.empty()) return {false, std::string(kLogInFirst)};
  const LedgerStatus status =
      ledger_->Transfer(customer_, request.from, request.to, request.amount);
  return {status == LedgerStatus::kDone, std::string(ToString(status))};
}

Session::Result Session::Handle(const Logout& /*request*/) {
  customer_.clear();
  return {true, "logged out"};
}

Session::Result Session::Handle(const BadRequest& request) {
  return {false, std::string(request.why)};
}

}  // namespace polymux
