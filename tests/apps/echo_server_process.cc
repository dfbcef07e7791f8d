#include "tests/apps/echo_server_process.h"

#include <cstdint>
#include <regex>
#include <stdexcept>
#include <utility>

namespace polymux {
namespace {

std::vector<std::string> CommandLine(const std::vector<std::string>& flags,
                                     std::vector<std::string> all) {
  all.emplace_back(kEchoServer);
  all.insert(all.end(), flags.begin(), flags.end());
  return all;
}

}  // namespace

EchoServer::EchoServer(const std::vector<std::string>& flags,
                       std::vector<std::string> launcher)
    : process_(CommandLine(flags, std::move(launcher))),
      first_line_(process_.ReadLine()) {
  std::smatch match;
  if (!std::regex_match(first_line_, match,
                        std::regex(R"(listening (\S+):(\d+) backend=(\S+) )"
                                   R"(reactors=(\d+))"))) {
    throw std::runtime_error("first line '" + first_line_ +
                             "', standard error: " + process_.Errors());
  }
  std::string host = match[1];
  if (host.front() == '[') host = host.substr(1, host.size() - 2);
  address_ =
      InetAddress::Parse(host, static_cast<std::uint16_t>(std::stoi(match[2])));
}

int EchoServer::Stop(int signal) {
  process_.Signal(signal);
  return process_.Wait();
}

}  // namespace polymux
