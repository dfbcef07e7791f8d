#include "apps/bank/client_shell.h"

#include <iostream>
#include <iterator>
#include <optional>
#include <sstream>
#include <stdexcept>

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
    const Outcome outcome = Execute(*line);
    if (outcome == Outcome::kQuit) break;
    if (outcome == Outcome::kDone || terminal_->interactive()) continue;
    return outcome == Outcome::kRefused ? kRefused : kWrongUsage;
  }
  return 0;
}

ClientShell::Outcome ClientShell::Execute(const std::string& line) {
  const std::vector<std::string> words = WordsOf(line);
  if (words.empty()) return Outcome::kDone;
  const std::string& verb = words[0];
  const std::size_t arguments = words.size() - 1;
  if (verb == "quit" && arguments == 0) return Outcome::kQuit;
  if (verb == "login" && arguments == 1) return LogIn(words[1]);
  if (verb == "logout" && arguments == 0) return Ask(Logout{});
  if (verb == "balance" && arguments == 1) return Ask(BalanceQuery{words[1]});
  if (verb == "transfer" && arguments == 3) {
    return Transfer(words[1], words[2], words[3]);
  }
  if (verb == "help" && arguments == 0) {
    std::cout << kHelp;
    return Outcome::kDone;
  }
  std::cerr << "cannot understand '" << line << "'; there are:\n" << kHelp;
  return Outcome::kWrongUsage;
}

ClientShell::Outcome ClientShell::LogIn(const std::string& username) {
  const std::optional<std::string> password =
      terminal_->ReadPassword("password: ");
  if (!password) {
    std::cerr << "no password on the line after 'login'\n";
    return Outcome::kWrongUsage;
  }
  return Ask(Login{username, *password});
}

ClientShell::Outcome ClientShell::Transfer(const std::string& from,
                                           const std::string& to,
                                           const std::string& amount) {
  const std::optional<Cents> cents = AmountOf(amount);
  if (!cents) {
    std::cerr << "'" << amount << "' is no amount; write it like 12.30\n";
    return Outcome::kWrongUsage;
  }
  return Ask(polymux::Transfer{from, to, *cents});
}

ClientShell::Outcome ClientShell::Ask(const Request& request) {
  const std::optional<std::string> body = FormatRequest(request);
  if (!body) {
    std::cerr << "empty, too long, or with a character that cannot be sent\n";
    return Outcome::kWrongUsage;
  }
  const std::string answer = link_->Ask(*body);
  const std::optional<Reply> reply = ParseReply(answer);
  if (!reply || reply->code != ReplyCode(request)) {
    throw std::runtime_error("this is no bank: its reply makes no sense");
  }
  if (reply->done) {
    std::cout << reply->message << std::endl;
    return Outcome::kDone;
  }
  std::cerr << "refused: " << reply->message << '\n';
  return Outcome::kRefused;
}

}  // namespace polymux
