#include "apps/bank/session.h"

#include <gtest/gtest.h>

#include <string>

#include "apps/bank/demo.h"
#include "tests/apps/bank/scratch_file.h"

namespace polymux {
namespace {

class SessionTest : public testing::Test {
 protected:
  SessionTest() : ledger_(Created(file_.path())) {}

  Ledger* ledger() { return &ledger_; }

  static std::string LogIn(Session& session,
                           const std::string& password = "demo-alice-password",
                           const std::string& name = "demo-alice") {
    return session.Answer(*FormatRequest(Login{name, password}));
  }
  static std::string Balance(Session& session, const std::string& card) {
    return session.Answer(*FormatRequest(BalanceQuery{card}));
  }

 private:
  static std::string Created(const std::string& path) {
    Ledger::Create(path, DemoCustomers());
    return path;
  }

  ScratchFile file_;
  Ledger ledger_;
};

std::string Answer(const std::string& code, const std::string& retcode,
                   const std::string& message) {
  return "<bizcode>" + code + "</bizcode><retcode>" + retcode +
         "</retcode><message>" + message + "</message>";
}

TEST_F(SessionTest, AVisitToTheBank) {
  Session session(ledger(), "peer");
  EXPECT_EQ(LogIn(session), Answer("00102", "0", "logged in"));
  EXPECT_EQ(Balance(session, "1001"), Answer("00202", "0", "5088.80"));
  EXPECT_EQ(session.Answer(*FormatRequest(Transfer{"1001", "2001", 12'30})),
            Answer("00302", "0", "done"));
  EXPECT_EQ(Balance(session, "1001"), Answer("00202", "0", "5076.50"));
  EXPECT_EQ(session.Answer(*FormatRequest(Heartbeat{})),
            Answer("00002", "0", "alive"));
  EXPECT_EQ(session.Answer(*FormatRequest(Logout{})),
            Answer("00902", "0", "logged out"));
  EXPECT_EQ(Balance(session, "1001"), Answer("00202", "-1", "log in first"));
  EXPECT_FALSE(session.ended());
}

TEST_F(SessionTest, NothingButALogoutAndAHeartbeatWithoutALogin) {
  Session session(ledger(), "peer");
  EXPECT_EQ(Balance(session, "1001"), Answer("00202", "-1", "log in first"));
  EXPECT_EQ(session.Answer(*FormatRequest(Transfer{"1001", "2001", 1})),
            Answer("00302", "-1", "log in first"));
  EXPECT_EQ(session.Answer(*FormatRequest(Heartbeat{})),
            Answer("00002", "0", "alive"));
  EXPECT_EQ(session.Answer(*FormatRequest(Logout{})),
            Answer("00902", "0", "logged out"));
}

TEST_F(SessionTest, OtherPeoplesCardsDoNotExistButToPay) {
  Session session(ledger(), "peer");
  LogIn(session);
  const std::string unknown = Balance(session, "none");
  EXPECT_EQ(unknown, Answer("00202", "-1", "no such card"));
  EXPECT_EQ(Balance(session, "2001"), unknown);
  EXPECT_EQ(session.Answer(*FormatRequest(Transfer{"2001", "1001", 1})),
            Answer("00302", "-1", "no such card"));
}

TEST_F(SessionTest, ARefusedTransferIsAnsweredWithTheReason) {
  Session session(ledger(), "peer");
  LogIn(session);
  EXPECT_EQ(session.Answer(*FormatRequest(Transfer{"1002", "2001", 100'01})),
            Answer("00302", "-1", "not enough money on the card"));
  EXPECT_EQ(session.Answer(*FormatRequest(Transfer{"1002", "2001", 0})),
            Answer("00302", "-1", "the amount must be above zero"));
  EXPECT_EQ(session.Answer("<bizcode>00301</bizcode><from>1002</from>"
                           "<to>2001</to><amount>-1.00</amount>"),
            Answer("00302", "-1", "an amount is like 12.30"));
  EXPECT_EQ(Balance(session, "1002"), Answer("00202", "0", "100.00"));
}

TEST_F(SessionTest, WhatIsNotUnderstoodIsAnsweredAndEndsNothing) {
  Session session(ledger(), "peer");
  LogIn(session);
  EXPECT_EQ(session.Answer("<bizcode>00777</bizcode>"),
            Answer("00000", "-1", "unknown bizcode"));
  EXPECT_EQ(session.Answer("\xff\x00"),
            Answer("00000", "-1", "malformed request"));
  EXPECT_EQ(session.Answer("<bizcode>00201</bizcode>"),
            Answer("00202", "-1", "malformed request"));
  EXPECT_FALSE(session.ended());
  EXPECT_EQ(Balance(session, "1002"), Answer("00202", "0", "100.00"));
}

TEST_F(SessionTest, AFailedLoginEndsTheOneBefore) {
  Session session(ledger(), "peer");
  LogIn(session);
  EXPECT_EQ(LogIn(session, "wrong"),
            Answer("00102", "-1", "wrong user name or password"));
  EXPECT_EQ(Balance(session, "1001"), Answer("00202", "-1", "log in first"));
}

TEST_F(SessionTest, ALoginReplacesTheOneBefore) {
  Session session(ledger(), "peer");
  LogIn(session);
  LogIn(session, "demo-bob-password", "demo-bob");
  EXPECT_EQ(Balance(session, "1001"), Answer("00202", "-1", "no such card"));
  EXPECT_EQ(Balance(session, "2001"), Answer("00202", "0", "250.50"));
}

TEST_F(SessionTest, FiveFailedLoginsEndItWhateverSucceedsBetween) {
  Session session(ledger(), "peer");
  for (int i = 1; i <= Session::kMaxFailedLogins; ++i) {
    EXPECT_FALSE(session.ended());
    LogIn(session);
    EXPECT_EQ(LogIn(session, "wrong"),
              Answer("00102", "-1", "wrong user name or password"));
  }
  EXPECT_TRUE(session.ended());
  // Requests may have come with the last attempt.
  EXPECT_EQ(LogIn(session), Answer("00102", "-1", "too many failed logins"));
  EXPECT_EQ(Balance(session, "1001"),
            Answer("00202", "-1", "too many failed logins"));
}

TEST_F(SessionTest, AnotherSessionKnowsNothing) {
  Session first(ledger(), "peer");
  LogIn(first);
  LogIn(first, "wrong");
  LogIn(first);
  Session second(ledger(), "peer");
  EXPECT_EQ(Balance(second, "1001"), Answer("00202", "-1", "log in first"));
}

}  // namespace
}  // namespace polymux
