#include "apps/bank/client_shell.h"

#include <iostream>
#include <iterator>
#include <optional>
#include <sstream>
#include <variant>

#include "apps/printable_text.h"

namespace polymux {
namespace {

constexpr std::string_view kHelp =
    "login USER              then asks for the password\n"
    "balance CARD            of a card of your own\n"
    "transfer FROM TO AMOUNT like: transfer 1001 2001 12.30\n"
    "logout\n"
    "quit\n";

std::vector<std::string> WordsOf(const std::string& line) {
  std::istringstream words(line);
  return {std::istream_iterator<std::string>(words), {}};
}

// People also write 12 for 12.00.
std::optional<Cents> AmountOf(const std::string& text) {
  const std::optional<Cents> cents = ParseCents(text);
  return cents ? cents : ParseCents(text + ".00");
}

}  // namespace

ClientShell::ClientShell(ClientLink* link, Terminal* terminal)
    : link_(link), terminal_(terminal) {}

int ClientShell::Run() {
  while (const std::optional<std::string> line =
             terminal_->ReadLine("bank> ")) {
    const End end = Execute(*line);
    if (end == End::kQuit) break;
    if (end != End::kDone && !terminal_->interactive()) return ExitCodeOf(end);
  }
  return 0;
}

int ClientShell::ExitCodeOf(End end) {
  switch (end) {
    case End::kDone:
    case End::kQuit:
      return 0;
    case End::kNoBank:
      return kNoBank;
    case End::kWrongUsage:
      return kWrongUsage;
    case End::kRefused:
      return kRefused;
    case End::kUnknown:
      return kUnknown;
  }
  return kNoBank;
}

ClientShell::End ClientShell::Execute(const std::string& line) {
  const std::vector<std::string> words = WordsOf(line);
  if (words.empty()) return End::kDone;
  const std::string& verb = words[0];
  const std::size_t arguments = words.size() - 1;
  if (verb == "quit" && arguments == 0) return End::kQuit;
  if (verb == "login" && arguments == 1) return LogIn(words[1]);
  if (verb == "logout" && arguments == 0) return Ask(Logout{});
  if (verb == "balance" && arguments == 1) return Ask(BalanceQuery{words[1]});
  if (verb == "transfer" && arguments == 3) {
    return Transfer(words[1], words[2], words[3]);
  }
  if (verb == "help" && arguments == 0) {
    std::cout << kHelp;
    return End::kDone;
  }
  std::cerr << "cannot understand '" << PrintableLine(line) << "'; there are:\n"
            << kHelp;
  return End::kWrongUsage;
}

ClientShell::End ClientShell::LogIn(const std::string& username) {
  const std::optional<std::string> password =
      terminal_->ReadPassword("password: ");
  if (!password) {
    std::cerr << "no password on the line after 'login'\n";
    return End::kWrongUsage;
  }
  // Who has thought about it for long may have been taken for gone.
  link_->ForgetIfClosed();
  return Ask(Login{username, *password});
}

ClientShell::End ClientShell::Transfer(const std::string& from,
                                       const std::string& to,
                                       const std::string& amount) {
  const std::optional<Cents> cents = AmountOf(amount);
  if (!cents) {
    std::cerr << "'" << PrintableLine(amount)
              << "' is no amount; write it like 12.30\n";
    return End::kWrongUsage;
  }
  return Ask(polymux::Transfer{from, to, *cents});
}

ClientShell::End ClientShell::Ask(const Request& request) {
  const std::optional<std::string> body = FormatRequest(request);
  if (!body) {
    std::cerr << "empty, too long, or with a character that cannot be sent\n";
    return End::kWrongUsage;
  }
  try {
    std::string answer;
    return Tell(Receive(request, *body, &answer));
  } catch (const LinkError& error) {
    std::cerr << "bank_client: " << error.what() << '\n';
    const bool moves_money = std::holds_alternative<polymux::Transfer>(request);
    if (!moves_money || !error.may_have_arrived()) return End::kNoBank;
    std::cerr << "it is not known whether the transfer was made: look at the "
                 "balance\n";
    return End::kUnknown;
  }
}

Reply ClientShell::Receive(const Request& request, const std::string& body,
                           std::string* answer) {
  *answer = link_->Ask(body);
  const std::optional<Reply> reply = ParseReply(*answer);
  if (!reply || reply->code != ReplyCode(request)) {
    throw LinkError("this is no bank: its reply makes no sense", true);
  }
  return *reply;
}

ClientShell::End ClientShell::Tell(const Reply& reply) {
  const std::string message = PrintableLine(reply.message);
  switch (reply.outcome) {
    case Outcome::kDone:
      std::cout << message << std::endl;
      return End::kDone;
    case Outcome::kRefused:
      std::cerr << "refused: " << message << '\n';
      return End::kRefused;
    case Outcome::kUnknown:
      std::cerr << "not known: " << message << '\n';
      return End::kUnknown;
  }
  return End::kUnknown;
}

}  // namespace polymux
