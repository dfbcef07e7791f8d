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
                      .outcome = result.outcome,
                      .message = result.message});
}

Session::Result Session::ResultOf(LedgerStatus status) {
  const Outcome outcome = status == LedgerStatus::kDone ? Outcome::kDone
                          : status == LedgerStatus::kUnknown
                              ? Outcome::kUnknown
                              : Outcome::kRefused;
  return {outcome, std::string(ToString(status))};
}

Session::Result Session::Handle(const Heartbeat& /*request*/) {
  return {Outcome::kDone, "alive"};
}

Session::Result Session::Handle(const Login& request) {
  customer_.clear();
  const LedgerStatus status =
      ledger_->CheckPassword(request.username, request.password);
  if (status == LedgerStatus::kDone) {
    customer_ = request.username;
    return {Outcome::kDone, "logged in"};
  }
  if (status == LedgerStatus::kWrongPassword) {
    ++failed_logins_;
    spdlog::warn("{}: failed login {} of {} as '{}'", peer_, failed_logins_,
                 max_failed_logins_, request.username);
  }
  return ResultOf(status);
}

Session::Result Session::Handle(const BalanceQuery& request) {
  if (customer_.empty()) return {Outcome::kRefused, std::string(kLogInFirst)};
  Cents balance = 0;
  const LedgerStatus status =
      ledger_->Balance(customer_, request.card, &balance);
  if (status != LedgerStatus::kDone) return ResultOf(status);
  return {Outcome::kDone, FormatCents(balance)};
}

Session::Result Session::Handle(const Transfer& request) {
  if (customer_.empty()) return {Outcome::kRefused, std::string(kLogInFirst)};
  return ResultOf(
      ledger_->Transfer(customer_, request.from, request.to, request.amount));
}

Session::Result Session::Handle(const Logout& /*request*/) {
  customer_.clear();
  return {Outcome::kDone, "logged out"};
}

Session::Result Session::Handle(const BadRequest& request) {
  return {Outcome::kRefused, std::string(request.why)};
}

}  // namespace polymux
