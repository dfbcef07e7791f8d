// bank_server as its user sees it.

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "apps/bank/demo.h"
#include "apps/bank/ledger.h"
#include "tests/apps/bank/bank_process.h"
#include "tests/apps/bank/scratch_file.h"

namespace polymux {
namespace {

using std::string_view_literals::operator""sv;

const Login kAlice{"demo-alice", "demo-alice-password"};
const Login kBob{"demo-bob", "demo-bob-password"};
const Login kWrong{"demo-alice", "wrong"};

class BankServerTest : public BackendTest {
 protected:
  // A copy, for hashing the passwords takes longer than most cases.
  BankServerTest() {
    static const ScratchFile demo;
    if (!std::filesystem::exists(demo.path())) {
      Ledger::Create(demo.path(), DemoCustomers());
    }
    std::filesystem::copy_file(demo.path(), file_.path());
  }

  std::vector<std::string> Flags(std::vector<std::string> more = {}) const {
    more.push_back("--backend=" + GetParam());
    more.push_back("--database=" + file_.path());
    return more;
  }

 private:
  const ScratchFile file_;
};

TEST_P(BankServerTest, EveryRequestOfTheTable) {
  BankProcess bank(Flags());
  EXPECT_EQ(bank.first_line(), "listening " + bank.address().ToString() +
                                   " backend=" + GetParam() + " reactors=1");
  Teller teller(bank.address());
  EXPECT_EQ(teller.Ask("<bizcode>00001</bizcode>"sv),
            "<bizcode>00002</bizcode><retcode>0</retcode>"
            "<message>alive</message>");
  EXPECT_EQ(teller.Ask("<bizcode>00101</bizcode><username>demo-alice</username>"
                       "<password>demo-alice-password</password>"sv),
            "<bizcode>00102</bizcode><retcode>0</retcode>"
            "<message>logged in</message>");
  EXPECT_EQ(teller.Ask("<bizcode>00201</bizcode><cardid>1001</cardid>"sv),
            "<bizcode>00202</bizcode><retcode>0</retcode>"
            "<message>5088.80</message>");
  EXPECT_EQ(teller.Ask("<bizcode>00301</bizcode><from>1001</from>"
                       "<to>2001</to><amount>12.30</amount>"sv),
            "<bizcode>00302</bizcode><retcode>0</retcode>"
            "<message>done</message>");
  EXPECT_EQ(teller.Ask("<bizcode>00901</bizcode>"sv),
            "<bizcode>00902</bizcode><retcode>0</retcode>"
            "<message>logged out</message>");
  EXPECT_EQ(teller.Ask("<bizcode>00201</bizcode><cardid>1001</cardid>"sv),
            "<bizcode>00202</bizcode><retcode>-1</retcode>"
            "<message>log in first</message>");
  EXPECT_EQ(teller.Ask("<bizcode>00777</bizcode>"sv),
            "<bizcode>00000</bizcode><retcode>-1</retcode>"
            "<message>unknown bizcode</message>");
  EXPECT_EQ(teller.Ask("hello"sv),
            "<bizcode>00000</bizcode><retcode>-1</retcode>"
            "<message>malformed request</message>");
  EXPECT_EQ(bank.Stop(), 0) << bank.process().Errors();
  EXPECT_EQ(bank.process().ReadToEnd(), "")
      << "more than the first line on standard output";
}

TEST_P(BankServerTest, CustomersMeetOnlyInTransfers) {
  BankProcess bank(Flags({"--reactors=2"}));
  Teller alice(bank.address());
  Teller bob(bank.address());
  EXPECT_EQ(alice.Ask(kAlice), "0 logged in");
  EXPECT_EQ(bob.Ask(kBob), "0 logged in");
  EXPECT_EQ(bob.Ask(BalanceQuery{"1001"}), "-1 no such card");
  EXPECT_EQ(bob.Ask(Transfer{"1001", "2001", 1}), "-1 no such card");
  EXPECT_EQ(alice.Ask(Transfer{"1002", "2001", 100'00}), "0 done");
  EXPECT_EQ(alice.Ask(Transfer{"1002", "2001", 1}),
            "-1 not enough money on the card");
  EXPECT_EQ(bob.Ask(BalanceQuery{"2001"}), "0 350.50");
  EXPECT_EQ(alice.Ask(BalanceQuery{"1002"}), "0 0.00");
}

TEST_P(BankServerTest, FiveFailedLoginsCloseTheConnection) {
  BankProcess bank(Flags());
  Teller teller(bank.address());
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(teller.Ask(kWrong), "-1 wrong user name or password");
  }
  EXPECT_TRUE(teller.client().SeesTheEnd());
  EXPECT_EQ(Teller(bank.address()).Ask(kAlice), "0 logged in");
  EXPECT_TRUE(bank.Logs("failed login 5 of 5"));
}

// Each of them is told at the end, by its cause.
TEST_P(BankServerTest, LimitsHaveFlagsAndAreCounted) {
  BankProcess bank(Flags({"--login-attempts=2", "--max-per-ip=2",
                          "--frame-timeout=100ms", "--linger-timeout=50ms"}));
  {
    Teller guessing(bank.address());
    EXPECT_EQ(guessing.Ask(kWrong), "-1 wrong user name or password");
    EXPECT_EQ(guessing.Ask(kWrong), "-1 wrong user name or password");
    EXPECT_TRUE(guessing.client().SeesTheEnd());
  }
  Teller dripping(bank.address());
  dripping.client().Send("\0\0"sv);
  EXPECT_TRUE(dripping.client().SeesTheEnd());
  Teller first(bank.address());
  Teller second(bank.address());
  EXPECT_EQ(first.Ask(Heartbeat{}), "0 alive");
  EXPECT_EQ(second.Ask(Heartbeat{}), "0 alive");
  EXPECT_TRUE(Client(bank.address()).SeesTheEnd());
  EXPECT_EQ(bank.Stop(), 0);
  const std::string log = bank.process().Errors();
  for (const char* const told : {"rejected_peer_limit 1", "locked_out 1",
                                 "closed_frame_timeout 1", "closed_idle 0"}) {
    EXPECT_NE(log.find(told), std::string::npos) << told << " in " << log;
  }
}

TEST_P(BankServerTest, RequestsInPiecesAndInOneSegment) {
  BankProcess bank(Flags());
  Teller teller(bank.address());
  for (const char byte : Frame(FormatRequest(kAlice).value())) {
    teller.client().Send({&byte, 1});
  }
  EXPECT_EQ(teller.ReceiveResult(), "0 logged in");
  // They are answered in their order, each after what came before it.
  std::string requests;
  for (int i = 0; i < 100; ++i) {
    requests += Frame(FormatRequest(Transfer{"1002", "2001", 1}).value());
    requests += Frame(FormatRequest(BalanceQuery{"1002"}).value());
  }
  teller.client().Send(requests);
  teller.client().ShutdownWrite();
  for (Cents left = 99'99; left >= 99'00; --left) {
    EXPECT_EQ(teller.ReceiveResult(), "0 done");
    EXPECT_EQ(teller.ReceiveResult(), "0 " + FormatCents(left));
  }
  EXPECT_TRUE(teller.client().SeesTheEnd());
}

TEST_P(BankServerTest, ARequestThatIsTooLongEndsTheConnection) {
  BankProcess bank(Flags());
  for (const std::string_view header :
       {"\x00\x00\x02\x01"sv, "\x7f\xff\xff\xff"sv, "\xff\xff\xff\xff"sv}) {
    Teller teller(bank.address());
    teller.client().Send(header);
    EXPECT_TRUE(teller.client().SeesTheEnd());
  }
  EXPECT_EQ(Teller(bank.address()).Ask(Heartbeat{}), "0 alive");
}

// The lowest free descriptor is the one that the connection before had.
TEST_P(BankServerTest, ALoginDoesNotPassToTheNextConnection) {
  BankProcess bank(Flags());
  for (int i = 0; i < 6; ++i) {
    Teller teller(bank.address());
    EXPECT_EQ(teller.Ask(BalanceQuery{"1001"}), "-1 log in first");
    EXPECT_EQ(teller.Ask(kWrong), "-1 wrong user name or password")
        << "failed logins are those of one connection";
    EXPECT_EQ(teller.Ask(kAlice), "0 logged in");
    // Leaves with a request in the works, too.
    teller.Send(kAlice);
    if (i % 2 == 0) teller.client().Reset();
  }
}

TEST_P(BankServerTest, WhatTheClientSaysIsEscapedInTheLog) {
  BankProcess bank(Flags());
  Teller(bank.address()).Ask(Login{"\"\xff\xc2\x9b[31m", "x"});
  EXPECT_TRUE(bank.Logs("failed login 1 of 5 as"));
  const std::string log = bank.process().Errors();
  EXPECT_EQ(log.find('\xff'), std::string::npos);
  EXPECT_EQ(log.find("\xc2\x9b"), std::string::npos)
      << "a control sequence for terminals";
}

TEST_P(BankServerTest, IdleConnectionsAreClosedAndTold) {
  BankProcess bank(Flags({"--idle-timeout=1s"}));
  Teller idle(bank.address());
  EXPECT_EQ(idle.Ask(Heartbeat{}), "0 alive");
  EXPECT_TRUE(idle.client().SeesTheEnd());
  EXPECT_TRUE(bank.Logs("idle"));
}

TEST_P(BankServerTest, ALogThatNobodyReadsHoldsUpNothing) {
  const StuckPipe log;
  BankProcess bank(Flags(), log);
  for (int i = 0; i < 50; ++i) {
    Client malformed(bank.address());
    malformed.Send("\xff\xff\xff\xff"sv);
    EXPECT_TRUE(malformed.SeesTheEnd());
  }
  EXPECT_EQ(Teller(bank.address()).Ask(kWrong),
            "-1 wrong user name or password");
  EXPECT_EQ(Teller(bank.address()).Ask(kAlice), "0 logged in");
  EXPECT_EQ(bank.Stop(), 0);
}

// More than a minute of hashing, one after the other.
TEST_P(BankServerTest, AStopIsBoundedWhateverIsQueued) {
  BankProcess bank(Flags({"--drain-timeout=100ms"}));
  std::string logins;
  for (int i = 0; i < 3000; ++i) {
    logins += Frame(FormatRequest(kAlice).value());
  }
  Teller teller(bank.address());
  teller.client().Send(logins);
  EXPECT_EQ(teller.ReceiveResult(), "0 logged in");
  EXPECT_EQ(bank.Stop(), 1) << "requests were lost";
  EXPECT_EQ(bank.process().Errors().find(" 0 lost"), std::string::npos);
}

// By who does not read them.
TEST_P(BankServerTest, RepliesThatAStopCutsOffAreTold) {
  BankProcess bank(
      Flags({"--drain-timeout=100ms", "--low-water=1k", "--high-water=1k"}));
  Client deaf(bank.address(), 4096);
  std::string heartbeats;
  for (int i = 0; i < 500; ++i) {
    heartbeats += Frame(FormatRequest(Heartbeat{}).value());
  }
  // Until it is not read any more, which is while its replies are pending.
  std::string_view rest = heartbeats;
  int quiet = 0;
  EXPECT_TRUE(Eventually([&] {
    const std::size_t taken = deaf.SendSome(rest);
    rest.remove_prefix(taken);
    if (rest.empty()) rest = heartbeats;
    const std::chrono::nanoseconds before = bank.process().CpuTime();
    if (taken == 0) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    // A sanitizer has a thread of its own, which does little.
    const bool works =
        bank.process().CpuTime() > before + std::chrono::milliseconds(2);
    quiet = taken > 0 || works ? 0 : quiet + 1;
    return quiet == 10;
  }));
  EXPECT_EQ(bank.Stop(), 1) << bank.process().Errors();
  EXPECT_NE(bank.process().Errors().find("1 connections were closed with "
                                         "replies unsent"),
            std::string::npos)
      << bank.process().Errors();
}

INSTANTIATE_TEST_SUITE_P(Backends, BankServerTest, EveryBackend(), BackendOf);

// What does not depend on the backend.

class CommandLineTest : public testing::Test {
 protected:
  // Runs the server to its end, which comes at once.
  static int ExitCode(std::vector<std::string> flags, std::string* errors) {
    flags.insert(flags.begin(), "apps/bank/bank_server");
    Process server(flags);
    const int exit_code = server.Wait();
    EXPECT_EQ(server.ReadToEnd(), "");
    *errors = server.Errors();
    return exit_code;
  }

  const ScratchFile file_;
  std::string errors_;
};

TEST_F(CommandLineTest, WithoutADatabaseItDoesNotStart) {
  EXPECT_EQ(ExitCode({"--database", file_.path()}, &errors_), 1);
  EXPECT_NE(errors_.find(file_.path()), std::string::npos) << errors_;
  EXPECT_NE(errors_.find("--init-demo"), std::string::npos) << errors_;
  EXPECT_FALSE(std::filesystem::exists(file_.path()));
}

TEST_F(CommandLineTest, InitDemoOverwritesNothing) {
  BankProcess({"--database", file_.path(), "--init-demo"}).Stop();
  EXPECT_EQ(ExitCode({"--database", file_.path(), "--init-demo"}, &errors_), 1);
  EXPECT_NE(errors_.find("File exists"), std::string::npos) << errors_;
  BankProcess bank({"--database", file_.path()});
  EXPECT_EQ(Teller(bank.address()).Ask(kAlice), "0 logged in");
}

TEST_F(CommandLineTest, ADatabaseThatCannotBeLookedAt) {
  const std::string loop = file_.path() + ".loop";
  std::filesystem::create_symlink(loop, loop);
  for (const std::string& path : {loop, file_.path() + std::string(300, 'x')}) {
    EXPECT_EQ(ExitCode({"--database", path}, &errors_), 1);
    EXPECT_NE(errors_.find(path), std::string::npos) << errors_;
  }
}

TEST_F(CommandLineTest, AFailedInitDemoLeavesNothingBehind) {
  const auto left_behind = [this] {
    const std::filesystem::path folder =
        std::filesystem::path(file_.path()).parent_path();
    return !std::filesystem::is_empty(folder);
  };
  // The port is in use.
  const ScratchFile other;
  const BankProcess first({"--database", other.path(), "--init-demo"});
  const std::string port = std::to_string(first.address().port());
  EXPECT_EQ(
      ExitCode({"--database", file_.path(), "--init-demo", "--port", port},
               &errors_),
      1);
  EXPECT_NE(errors_.find("in use"), std::string::npos) << errors_;
  EXPECT_FALSE(left_behind());
  // A file cannot grow to what is needed; signal or error.
  Process limited({"sh", "-c",
                   "ulimit -f 8; trap '' XFSZ; exec \"$0\" --init-demo "
                   "--database \"$1\"",
                   "apps/bank/bank_server", file_.path()});
  EXPECT_EQ(limited.Wait(), 1) << limited.Errors();
  EXPECT_FALSE(left_behind());
}

TEST_F(CommandLineTest, WrongUsageExits2) {
  const std::vector<std::vector<std::string>> wrong = {
      {"--workers", "0"},
      {"--workers", "many"},
      {"--idle-timeout", "5"},
      {"--drain-timeout", "soon"},
      {"--backend", "kqueue"},
      {"--bind", "localhost"},
      {"--max-connections", "0"},
      {"--login-attempts", "0"},
      {"--low-water", "2m"},
      {"--max-output", "1m"},
      {"stray"}};
  for (const std::vector<std::string>& flags : wrong) {
    EXPECT_EQ(ExitCode(flags, &errors_), 2) << flags.front();
    EXPECT_NE(errors_, "");
  }
}

}  // namespace
}  // namespace polymux
