#ifndef POLYMUX_APPS_BANK_CLIENT_LINK_H_
#define POLYMUX_APPS_BANK_CLIENT_LINK_H_

#include <chrono>
#include <string>
#include <string_view>

#include "reactor/inet_address.h"
#include "reactor/unique_fd.h"

namespace polymux {

// A client's connection to the bank: one request, then its reply. It blocks,
// for a terminal has nothing else to do.
//
// Errors are exceptions (std::runtime_error) with a sentence for the user;
// after one, nothing more can be asked.
class ClientLink {
 public:
  // Connects. No step waits longer than `timeout`.
  ClientLink(const InetAddress& bank, std::chrono::nanoseconds timeout);

  // Sends a body in a frame and returns the body of the reply.
  std::string Ask(std::string_view body);

 private:
  void Send(std::string_view bytes);
  std::string Receive(std::size_t count);

  UniqueFd fd_;
};

}  // namespace polymux

#endif  // POLYMUX_APPS_BANK_CLIENT_LINK_H_
