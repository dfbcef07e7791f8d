#include "apps/bank/protocol.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace polymux {
namespace {

TEST(ProtocolTest, EveryRequestOfTheTable) {
  EXPECT_TRUE(std::holds_alternative<Heartbeat>(
      ParseRequest("<bizcode>00001</bizcode>")));
  EXPECT_TRUE(
      std::holds_alternative<Logout>(ParseRequest("<bizcode>00901</bizcode>")));

  const Request login = ParseRequest(
      "<bizcode>00101</bizcode><username>U</username>"
      "<password>P W>&</password>");
  EXPECT_EQ(std::get<Login>(login).username, "U");
  EXPECT_EQ(std::get<Login>(login).password, "P W>&");

  const Request query =
      ParseRequest("<bizcode>00201</bizcode><cardid>C</cardid>");
  EXPECT_EQ(std::get<BalanceQuery>(query).card, "C");

  const Request transfer = ParseRequest(
      "<bizcode>00301</bizcode><from>A</from><to>B</to>"
      "<amount>12.30</amount>");
  EXPECT_EQ(std::get<Transfer>(transfer).from, "A");
  EXPECT_EQ(std::get<Transfer>(transfer).to, "B");
  EXPECT_EQ(std::get<Transfer>(transfer).amount, 1230);
}

TEST(ProtocolTest, TheReplyHasTheNextCode) {
  EXPECT_EQ(ReplyCode(Heartbeat{}), "00002");
  EXPECT_EQ(ReplyCode(Login{}), "00102");
  EXPECT_EQ(ReplyCode(BalanceQuery{}), "00202");
  EXPECT_EQ(ReplyCode(Transfer{}), "00302");
  EXPECT_EQ(ReplyCode(Logout{}), "00902");
  EXPECT_EQ(ReplyCode(BadRequest{"00302", "why"}), "00302");
}

// The code of the reply to a bad request; "" when it is a good one.
std::string_view Refused(const std::string& body) {
  const Request request = ParseRequest(body);
  return std::holds_alternative<BadRequest>(request) ? ReplyCode(request) : "";
}

TEST(ProtocolTest, WithoutAKnownCodeTheReplyHasZeros) {
  for (const char* const body :
       {"", "x", "<", "<bizcode>", "<bizcode></bizcode>",
        "<bizcode>00001</bizcode", "<bizcode>00777</bizcode>",
        "<bizcode>0101</bizcode>", "<bizcode>000101</bizcode>",
        " <bizcode>00001</bizcode>", "<Bizcode>00001</Bizcode>",
        "<bizcode>00001</username>", "<bizcode >00001</bizcode>",
        "<bizcode>00001<bizcode>00001</bizcode>", "<bizcode>00002</bizcode>",
        "<username>U</username><bizcode>00101</bizcode>"}) {
    EXPECT_EQ(Refused(body), "00000") << body;
  }
}

TEST(ProtocolTest, FieldsMustBeJustThose) {
  const std::string login = "<bizcode>00101</bizcode>";
  for (const char* const rest :
       {"", "<username>U</username>", "<password>P</password>",
        "<password>P</password><username>U</username>",
        "<username></username><password>P</password>",
        "<username>U</username><password>P</password> ",
        "<username>U</username><password>P</password><password>P</password>",
        "<username>U</username>\n<password>P</password>",
        "<username>U\n</username><password>P</password>",
        "<username>U\x7f</username><password>P</password>",
        "<username>U<x></username><password>P</password>",
        "<username>U</username><password>P</password"}) {
    EXPECT_EQ(Refused(login + rest), "00102") << rest;
  }
  using std::string_literals::operator""s;
  EXPECT_EQ(Refused(login + "<username>U\0</username><password>P</password>"s),
            "00102");
  EXPECT_EQ(Refused("<bizcode>00001</bizcode>x"), "00002");
  EXPECT_EQ(Refused("<bizcode>00901</bizcode><cardid>C</cardid>"), "00902");
}

TEST(ProtocolTest, ValuesAreBounded) {
  const auto query = [](std::size_t size) {
    return "<bizcode>00201</bizcode><cardid>" + std::string(size, 'c') +
           "</cardid>";
  };
  EXPECT_EQ(Refused(query(64)), "");
  EXPECT_EQ(Refused(query(65)), "00202");
  EXPECT_EQ(Refused(query(1'000'000)), "00202");
}

TEST(ProtocolTest, AmountsAreWrittenInOneWay) {
  for (const char* const amount :
       {"12", "12.3", "-1.00", "1e3", " 1.00", "012.30", "92233720368547758.08",
        "999999999999999999999999.00"}) {
    EXPECT_EQ(Refused("<bizcode>00301</bizcode><from>A</from><to>B</to>"
                      "<amount>" +
                      std::string(amount) + "</amount>"),
              "00302")
        << amount;
  }
}

TEST(ProtocolTest, Replies) {
  const std::string body = FormatReply(
      {.code = "00202", .outcome = Outcome::kDone, .message = "5088.80"});
  EXPECT_EQ(body,
            "<bizcode>00202</bizcode><retcode>0</retcode>"
            "<message>5088.80</message>");
  const std::optional<Reply> reply = ParseReply(body);
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->code, "00202");
  EXPECT_EQ(reply->outcome, Outcome::kDone);
  EXPECT_EQ(reply->message, "5088.80");

  const std::string refusal = FormatReply(
      {.code = "00302", .outcome = Outcome::kRefused, .message = "no"});
  EXPECT_EQ(refusal,
            "<bizcode>00302</bizcode><retcode>-1</retcode>"
            "<message>no</message>");
  EXPECT_EQ(ParseReply(refusal)->outcome, Outcome::kRefused);
  for (const char* const bad :
       {"", "<bizcode>00202</bizcode>",
        "<bizcode>00202</bizcode><retcode>1</retcode><message>x</message>",
        "<bizcode>00202</bizcode><retcode>0</retcode><message>x</message>y"}) {
    EXPECT_FALSE(ParseReply(bad).has_value()) << bad;
  }
}

TEST(ProtocolTest, WritesNoRequestThatCannotBeRead) {
  const std::string long_name(65, 'x');
  EXPECT_FALSE(FormatRequest(Login{"a<b", "x"}).has_value());
  EXPECT_FALSE(FormatRequest(Login{"", "x"}).has_value());
  EXPECT_FALSE(FormatRequest(Login{"u", "tab\t"}).has_value());
  EXPECT_FALSE(FormatRequest(BalanceQuery{long_name}).has_value());
  EXPECT_FALSE(FormatRequest(BadRequest{"00000", "x"}).has_value());
}

// What a value may hold.
rc::Gen<std::string> Value() {
  return rc::gen::mapcat(rc::gen::inRange(1, 65), [](int size) {
    return rc::gen::container<std::string>(
        static_cast<std::size_t>(size),
        rc::gen::suchThat(rc::gen::arbitrary<char>(), [](char c) {
          return static_cast<unsigned char>(c) >= ' ' && c != '<' && c != 0x7f;
        }));
  });
}

RC_GTEST_PROP(ProtocolProperty, WhatIsWrittenIsReadBack, ()) {
  const std::string user = *Value();
  const std::string password = *Value();
  const auto login = FormatRequest(Login{user, password});
  RC_ASSERT(login && login->size() <= kMaxBody);
  const Request parsed = ParseRequest(*login);
  RC_ASSERT(std::get<Login>(parsed).username == user);
  RC_ASSERT(std::get<Login>(parsed).password == password);

  const Cents amount = *rc::gen::inRange<Cents>(0, Cents{1} << 62);
  const auto transfer = FormatRequest(Transfer{user, password, amount});
  RC_ASSERT(transfer && transfer->size() <= kMaxBody);
  const Request parsed_transfer = ParseRequest(*transfer);
  RC_ASSERT(std::get<Transfer>(parsed_transfer).from == user);
  RC_ASSERT(std::get<Transfer>(parsed_transfer).to == password);
  RC_ASSERT(std::get<Transfer>(parsed_transfer).amount == amount);
}

// Bodies that are nearly right: pieces of good ones in any order.
RC_GTEST_PROP(ProtocolProperty, WhatIsUnderstoodIsWrittenLikeThat, ()) {
  const std::vector<std::string> pieces = {
      "<bizcode>",
      "00001",
      "00101",
      "00201",
      "00301",
      "</bizcode>",
      "<cardid>",
      "</cardid>",
      "<username>",
      "</username>",
      "<password>",
      "</password>",
      "<from>",
      "</from>",
      "<to>",
      "</to>",
      "<amount>",
      "</amount>",
      "12.30",
      "C",
      "<",
      ">",
      "<bizcode>00201</bizcode><cardid>",
      "<bizcode>00101</bizcode><username>",
      "<bizcode>00301</bizcode><from>A</from><to>"};
  std::string body;
  for (const std::string& piece : *rc::gen::container<std::vector<std::string>>(
           rc::gen::elementOf(pieces))) {
    body += piece;
  }
  const Request request = ParseRequest(body);
  if (std::holds_alternative<BadRequest>(request)) {
    // The reply can always be written.
    const std::string_view why = std::get<BadRequest>(request).why;
    const std::string reply =
        FormatReply({.code = ReplyCode(request), .message = why});
    RC_ASSERT(ParseReply(reply).has_value());
  } else {
    RC_ASSERT(FormatRequest(request) == body);
  }
}

}  // namespace
}  // namespace polymux
