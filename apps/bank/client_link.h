#ifndef POLYMUX_APPS_BANK_CLIENT_LINK_H_
#define POLYMUX_APPS_BANK_CLIENT_LINK_H_

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>

#include "reactor/inet_address.h"
#include "reactor/unique_fd.h"

namespace polymux {

// There is no answer, and why, in a sentence for the user.
class LinkError : public std::runtime_error {
 public:
  LinkError(const std::string& why, bool may_have_arrived)
      : std::runtime_error(why), may_have_arrived_(may_have_arrived) {}

  // Whether the whole request was sent, so that the bank may have done what it
  // asks for.
  bool may_have_arrived() const { return may_have_arrived_; }

 private:
  bool may_have_arrived_;
};

// A client's connection to the bank: one request, then its reply. It blocks,
// for a terminal has nothing else to do.
//
// It is made when there is something to ask, so that who thinks about his
// password is not taken for a silent peer, and once more for the first request
// after a LinkError.
class ClientLink {
 public:
  // An answer, and the connection where it is needed, take no longer than
  // `timeout` altogether.
  ClientLink(const InetAddress& bank, std::chrono::nanoseconds timeout)
      : bank_(bank), timeout_(timeout) {}

  // Sends a body in a frame and returns the body of the reply. Throws
  // LinkError, after which there is no connection.
  std::string Ask(std::string_view body);

  // Gives up a connection that the bank has closed meanwhile, for a request
  // that needs nothing of it: the next Ask makes another one.
  void ForgetIfClosed();

 private:
  using Clock = std::chrono::steady_clock;

  void Connect();
  // Whether the bank has hung up since the last answer.
  bool HungUp() const;
  void Send(std::string_view bytes);
  std::string Receive(std::size_t count);
  // Waits for the events of poll(2), no longer than the time that is left.
  void Await(short events, const std::string& doing);
  [[noreturn]] void Fail(const std::string& why) const;
  [[noreturn]] void Fail(const std::string& doing, int error) const;

  const InetAddress bank_;
  const std::chrono::nanoseconds timeout_;
  UniqueFd fd_;
  // Of the request that is being asked.
  Clock::time_point begun_;
  bool sent_ = false;
};

}  // namespace polymux

#endif  // POLYMUX_APPS_BANK_CLIENT_LINK_H_
