// bank_client as its user sees it, against bank_server.

#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <fstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "reactor/socket.h"
#include "reactor/unique_fd.h"
#include "tests/apps/bank/bank_process.h"
#include "tests/apps/bank/scratch_file.h"

namespace polymux {
namespace {

constexpr const char* kClient = "apps/bank/bank_client";

class BankClientTest : public testing::Test {
 protected:
  BankClientTest() : bank_({"--database", file_.path(), "--init-demo"}) {}

  std::string port() const { return std::to_string(bank_.address().port()); }
  BankProcess& bank() { return bank_; }

  struct Outcome {
    int exit_code;
    std::string out;
    std::string errors;
  };
  // With the lines on standard input.
  Outcome Run(const std::string& lines) {
    const std::string script = file_.path() + ".script";
    std::ofstream(script) << lines;
    // $0 to $2, so that nothing has to be quoted.
    Process client({"sh", "-c", "exec \"$0\" --port \"$1\" < \"$2\"", kClient,
                    port(), script});
    std::string out = client.ReadToEnd();
    const int exit_code = client.Wait();
    return {exit_code, std::move(out), client.Errors()};
  }

 private:
  const ScratchFile file_;
  BankProcess bank_;
};

TEST_F(BankClientTest, AScript) {
  const Outcome outcome =
      Run("login demo-alice\n"
          "demo-alice-password\n"
          "balance 1001\n"
          "\n"
          "transfer 1001 2001 12.30\n"
          "transfer 1001 2001 1\n"
          "balance 1001\n"
          "logout\n"
          "quit\n"
          "balance 1001\n");
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.out,
            "logged in\n5088.80\ndone\ndone\n5075.50\nlogged out\n");
  EXPECT_EQ(outcome.errors, "");
}

TEST_F(BankClientTest, AScriptEndsAtTheFirstRefusal) {
  const Outcome outcome =
      Run("login demo-alice\n"
          "demo-alice-password\n"
          "transfer 1002 2001 100.01\n"
          "transfer 1002 2001 1.00\n");
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(outcome.out, "logged in\n");
  EXPECT_EQ(outcome.errors, "refused: not enough money on the card\n");
  EXPECT_EQ(Run("login demo-alice\nwrong\n").exit_code, 3);
}

TEST_F(BankClientTest, AScriptEndsAtTheFirstMistake) {
  for (const char* const line :
       {"balances", "balance", "balance 1001 1002", "transfer 1001 2001",
        "transfer 1001 2001 1.234", "transfer 1001 2001 -1", "login",
        "login a password", "login demo-alice", "balance a<b"}) {
    const Outcome outcome = Run(std::string(line) + "\n");
    EXPECT_EQ(outcome.exit_code, 2) << line;
    EXPECT_EQ(outcome.out, "") << line;
    EXPECT_NE(outcome.errors, "") << line;
  }
}

TEST_F(BankClientTest, WithoutABank) {
  EXPECT_EQ(bank().Stop(), 0);
  EXPECT_EQ(Run("help\nquit\n").exit_code, 0) << "there was nothing to ask";
  const Outcome outcome = Run("logout\n");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_NE(outcome.errors.find("Connection refused"), std::string::npos)
      << outcome.errors;
}

TEST_F(BankClientTest, WrongUsageExits2) {
  for (const std::vector<std::string>& flags :
       std::vector<std::vector<std::string>>{
           {},
           {"--port", "x"},
           {"--port", port(), "--host", "localhost"},
           {"--port", port(), "--timeout", "5"},
           {"--port", port(), "--timeout", "0s"},
           {"--port", port(), "--password", "x"}}) {
    std::vector<std::string> command = {kClient};
    command.insert(command.end(), flags.begin(), flags.end());
    Process client(command);
    EXPECT_EQ(client.Wait(), 2);
    EXPECT_NE(client.Errors(), "");
  }
}

// The client on a terminal of its own.
class Conversation {
 public:
  explicit Conversation(const std::string& port) {
    int master = -1;
    pid_ = Must(::forkpty(&master, nullptr, nullptr, nullptr));
    if (pid_ == 0) {
      ::execl(kClient, kClient, "--port", port.c_str(), nullptr);
      ::_exit(127);
    }
    master_.Reset(master);
  }
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;
  ~Conversation() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  void Type(const std::string& text) {
    Must(static_cast<int>(::write(master_.get(), text.data(), text.size())));
  }

  // Waits until the terminal shows `text`, and returns what it showed up to
  // that.
  std::string WaitFor(const std::string& text) {
    std::size_t at = 0;
    while ((at = shown_.find(text)) == std::string::npos) {
      pollfd ready{.fd = master_.get(), .events = POLLIN, .revents = 0};
      std::array<char, 1024> chunk{};
      if (Must(::poll(&ready, 1, 1000 * static_cast<int>(kPatience.count()))) ==
          0) {
        throw std::runtime_error("no '" + text + "' in: " + shown_);
      }
      const ssize_t count = ::read(master_.get(), chunk.data(), chunk.size());
      if (count <= 0) throw std::runtime_error("ended with: " + shown_);
      shown_.append(chunk.data(), static_cast<std::size_t>(count));
    }
    const std::string before = shown_.substr(0, at);
    shown_.erase(0, at + text.size());
    return before;
  }

 private:
  UniqueFd master_;
  pid_t pid_ = -1;
  std::string shown_;
};

TEST_F(BankClientTest, APasswordIsNotShown) {
  Conversation conversation(port());
  conversation.WaitFor("bank> ");
  conversation.Type("login demo-alice\n");
  EXPECT_NE(conversation.WaitFor("password: ").find("login demo-alice"),
            std::string::npos)
      << "a command is shown";
  conversation.Type("wrong-password\n");
  EXPECT_EQ(conversation.WaitFor("refused").find("wrong-password"),
            std::string::npos);
  conversation.WaitFor("bank> ");
  conversation.Type("login demo-alice\n");
  conversation.WaitFor("password: ");
  conversation.Type("demo-alice-password\n");
  EXPECT_EQ(conversation.WaitFor("logged in").find("demo-alice-password"),
            std::string::npos);
  conversation.WaitFor("bank> ");
  conversation.Type("balance 1001\n");
  EXPECT_NE(conversation.WaitFor("5088.80").find("balance 1001"),
            std::string::npos)
      << "the echo is on again";
}

TEST_F(BankClientTest, TellsWhenTheBankHasHungUp) {
  Conversation conversation(port());
  conversation.WaitFor("bank> ");
  conversation.Type("logout\n");
  conversation.WaitFor("logged out");
  bank().Stop();
  conversation.Type("logout\n");
  conversation.WaitFor("bank_client: the bank has closed the connection");
  conversation.Type("logout\n");
  conversation.WaitFor("Connection refused");
}

// A bank that says just what the test wants it to, to one client.
class ScriptedBank {
 public:
  ScriptedBank()
      : listener_(Socket::Listen(*InetAddress::Parse("127.0.0.1", 0), {})) {}

  std::string port() const {
    return std::to_string(InetAddress::LocalOf(listener_.fd()).port());
  }

  // The client's connection, which it makes to ask something.
  Client Accept() const {
    pollfd ready{.fd = listener_.fd(), .events = POLLIN, .revents = 0};
    const int patience = 1000 * static_cast<int>(kPatience.count());
    EXPECT_EQ(Must(::poll(&ready, 1, patience)), 1);
    return Client(UniqueFd(
        Must(::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC))));
  }

 private:
  const Socket listener_;
};

// The client, with these lines on its standard input.
Process ClientOf(const ScriptedBank& bank, const std::string& lines,
                 const std::string& timeout) {
  return Process({"sh", "-c",
                  "printf \"$3\" | \"$0\" --port \"$1\" --timeout \"$2\"",
                  kClient, bank.port(), timeout, lines});
}

TEST(BankClientLoginTest, ConnectsAnewWhereTheBankHasHungUpMeanwhile) {
  const std::string reply = Frame(FormatReply(
      {.code = "00102", .outcome = Outcome::kRefused, .message = "no"}));
  const ScriptedBank bank;
  Conversation conversation(bank.port());
  for (int i = 0; i < 2; ++i) {
    conversation.WaitFor("bank> ");
    conversation.Type("login a\n");
    conversation.WaitFor("password: ");
    conversation.Type("b\n");
    Client client = bank.Accept();
    client.Receive(Frame(FormatRequest(Login{"a", "b"}).value()).size());
    client.Send(reply);
    client.Close();
    conversation.WaitFor("refused: no");
  }
}

constexpr const char* kLogIn = "login a\nb\n";

TEST(BankClientTimeoutTest, IsThatOfTheWholeReply) {
  const std::string reply = Frame(FormatReply(
      {.code = "00102", .outcome = Outcome::kDone, .message = "logged in"}));
  const ScriptedBank bank;
  Process process = ClientOf(bank, kLogIn, "300ms");
  Client client = bank.Accept();
  // Drips, for longer than the client may wait, but each byte in time.
  EXPECT_TRUE(Eventually([&, at = 0U]() mutable {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    try {
      client.Send(reply.substr(at++ % (reply.size() - 1), 1));
    } catch (const std::system_error&) {
      return true;  // it has gone
    }
    return false;
  }));
  EXPECT_EQ(process.Wait(), 1);
  EXPECT_NE(process.Errors().find("no answer in time"), std::string::npos)
      << process.Errors();
}

TEST(BankClientTimeoutTest, LessThanAMicrosecondIsNotForEver) {
  const ScriptedBank silent;
  EXPECT_EQ(ClientOf(silent, kLogIn, "1ns").Wait(), 1);
  const ScriptedBank bank;
  // And so long that a sum with it overflows is not at once.
  Process process = ClientOf(bank, kLogIn, "9000000000s");
  bank.Accept().Close();
  EXPECT_EQ(process.Wait(), 1);
  EXPECT_NE(process.Errors().find("closed the connection"), std::string::npos)
      << process.Errors();
}

// Perhaps it has been made: who is told "no connection" makes it again.
TEST(BankClientUnknownTest, ATransferWithoutAnAnswer) {
  const ScriptedBank bank;
  const std::string transfer = "transfer 1 2 1.00\n";
  {
    Process process = ClientOf(bank, transfer, "30s");
    Client client = bank.Accept();
    const std::string request =
        Frame(FormatRequest(Transfer{"1", "2", 1'00}).value());
    EXPECT_EQ(client.Receive(request.size()), request);
    client.Reset();
    EXPECT_EQ(process.Wait(), 4);
    EXPECT_NE(process.Errors().find("not known"), std::string::npos)
        << process.Errors();
  }
  {
    Process process = ClientOf(bank, transfer, "30s");
    Client client = bank.Accept();
    client.Send(Frame(FormatReply({.code = "00302",
                                   .outcome = Outcome::kUnknown,
                                   .message = "\xc2\x9b"
                                              "2Jwho knows"})));
    EXPECT_EQ(process.Wait(), 4);
    EXPECT_NE(process.Errors().find("not known: \\x9b2Jwho knows"),
              std::string::npos)
        << process.Errors();
  }
  {
    Process process = ClientOf(bank, kLogIn, "30s");
    bank.Accept().Close();
    EXPECT_EQ(process.Wait(), 1) << "nothing was at stake";
  }
}

// It goes on, for the bank does what it is asked; but it does not say that all
// is well.
TEST_F(BankClientTest, LostOutputIsAnError) {
  Process client({"sh", "-c",
                  "printf 'login demo-alice\ndemo-alice-password\ntransfer "
                  "1001 1002 1\n' | \"$0\" --port \"$1\" > /dev/full",
                  kClient, port()});
  EXPECT_EQ(client.Wait(), 1);
  EXPECT_NE(client.Errors().find("cannot write to stdout"), std::string::npos)
      << client.Errors();
  EXPECT_EQ(Run("login demo-alice\ndemo-alice-password\nbalance 1002\n").out,
            "logged in\n101.00\n");
}

TEST_F(BankClientTest, InputThatCannotBeReadIsAnError) {
  Process client(
      {"sh", "-c", "exec \"$0\" --port \"$1\" < /", kClient, port()});
  EXPECT_EQ(client.Wait(), 1);
  EXPECT_NE(client.Errors().find("standard input: Is a directory"),
            std::string::npos)
      << client.Errors();
}

}  // namespace
}  // namespace polymux
