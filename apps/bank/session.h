#ifndef POLYMUX_APPS_BANK_SESSION_H_
#define POLYMUX_APPS_BANK_SESSION_H_

#include <string>
#include <string_view>

#include "apps/bank/ledger.h"
#include "apps/bank/protocol.h"

namespace polymux {

// What the bank knows of one connection: who is logged in, and how often a
// login has failed. It belongs to the connection itself, never to its
// descriptor, whose number the next connection gets.
//
// Rules that the protocol leaves open:
// - A customer sees and debits only cards of his own; any card can be credited.
//   A card of somebody else's is answered like one that does not exist.
// - A login ends the one before it, also when it fails.
// - Failed logins are counted for the connection as a whole: a success in
//   between does not give new attempts. The last attempt is answered, then the
//   connection shall be closed; until it is, everything is refused.
// - A logout succeeds always, a heartbeat too, logged in or not.
//
// Thread: one at a time; Answer may block, for it asks the ledger.
class Session {
 public:
  static constexpr int kMaxFailedLogins = 5;

  // `ledger` must outlive the session. `peer` is for the log.
  Session(Ledger* ledger, std::string peer,
          int max_failed_logins = kMaxFailedLogins);

  // The body of the reply to a request.
  std::string Answer(std::string_view body);

  // The connection shall be closed when the last reply has been sent.
  bool ended() const { return failed_logins_ >= max_failed_logins_; }

 private:
  struct Result {
    Outcome outcome;
    std::string message;
  };
  static Result ResultOf(LedgerStatus status);

  Result Handle(const Heartbeat& request);
  Result Handle(const Login& request);
  Result Handle(const BalanceQuery& request);
  Result Handle(const Transfer& request);
  Result Handle(const Logout& request);
  Result Handle(const BadRequest& request);

  Ledger* const ledger_;
  const std::string peer_;
  const int max_failed_logins_;
  std::string customer_;  // empty: nobody is logged in
  int failed_logins_ = 0;
};

}  // namespace polymux

#endif  // POLYMUX_APPS_BANK_SESSION_H_
