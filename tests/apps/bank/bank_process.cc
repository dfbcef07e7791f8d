#include "tests/apps/bank/bank_process.h"

#include <arpa/inet.h>

#include <cstdint>
#include <cstring>
#include <regex>
#include <stdexcept>

namespace polymux {
namespace {

std::vector<std::string> CommandLine(const std::vector<std::string>& flags) {
  // In the runfiles, where Bazel starts a test.
  std::vector<std::string> all = {"apps/bank/bank_server"};
  all.insert(all.end(), flags.begin(), flags.end());
  return all;
}

InetAddress AddressIn(const std::string& first_line, const Process& process) {
  std::smatch match;
  if (!std::regex_match(first_line, match,
                        std::regex(R"(listening (\S+):(\d+) backend=(\S+) )"
                                   R"(reactors=(\d+))"))) {
    throw std::runtime_error("first line '" + first_line +
                             "', standard error: " + process.Errors());
  }
  return *InetAddress::Parse(match[1],
                             static_cast<std::uint16_t>(std::stoi(match[2])));
}

}  // namespace

BankProcess::BankProcess(const std::vector<std::string>& flags)
    : process_(CommandLine(flags)),
      first_line_(process_.ReadLine()),
      address_(AddressIn(first_line_, process_)) {}

BankProcess::BankProcess(const std::vector<std::string>& flags,
                         const StuckPipe& log)
    : process_(log.Command(CommandLine(flags))),
      first_line_(process_.ReadLine()),
      address_(AddressIn(first_line_, process_)) {}

bool BankProcess::Logs(const std::string& text) const {
  return Eventually(
      [&] { return process_.Errors().find(text) != std::string::npos; });
}

int BankProcess::Stop(int signal) {
  process_.Signal(signal);
  return process_.Wait();
}

std::string Frame(std::string_view body) {
  const std::uint32_t size = htonl(static_cast<std::uint32_t>(body.size()));
  std::string frame(sizeof(size), '\0');
  std::memcpy(frame.data(), &size, sizeof(size));
  return frame.append(body);
}

std::string Teller::Ask(std::string_view body) {
  Send(body);
  return Receive();
}

std::string Teller::Ask(const Request& request) {
  Send(request);
  return ReceiveResult();
}

void Teller::Send(std::string_view body) { client_.Send(Frame(body)); }

void Teller::Send(const Request& request) {
  Send(std::string_view(FormatRequest(request).value()));
}

std::string Teller::Receive() {
  std::uint32_t size = 0;
  std::memcpy(&size, client_.Receive(sizeof(size)).data(), sizeof(size));
  return client_.Receive(ntohl(size));
}

std::string Teller::ReceiveResult() {
  const std::string body = Receive();
  const std::optional<Reply> reply = ParseReply(body);
  if (!reply) throw std::runtime_error("no reply: " + body);
  const int retcode = -static_cast<int>(reply->outcome);
  return std::to_string(retcode) + " " + std::string(reply->message);
}

}  // namespace polymux
