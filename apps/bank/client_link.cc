#include "apps/bank/client_link.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <system_error>

#include "apps/bank/protocol.h"

namespace polymux {
namespace {

[[noreturn]] void Fail(const std::string& what) {
  // What SO_RCVTIMEO and SO_SNDTIMEO make of a timeout.
  const bool late = errno == EAGAIN || errno == EINPROGRESS;
  const std::string why =
      late ? "no answer in time" : std::generic_category().message(errno);
  throw std::runtime_error(what + ": " + why);
}

void SetTimeout(int fd, int option, std::chrono::nanoseconds timeout) {
  const auto micros =
      std::chrono::duration_cast<std::chrono::microseconds>(timeout);
  timeval value{};
  value.tv_sec = micros.count() / 1'000'000;
  value.tv_usec = micros.count() % 1'000'000;
  if (::setsockopt(fd, SOL_SOCKET, option, &value, sizeof(value)) != 0) {
    Fail("setting a timeout");
  }
}

}  // namespace

ClientLink::ClientLink(const InetAddress& bank,
                       std::chrono::nanoseconds timeout)
    : fd_(::socket(bank.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (!fd_) Fail("opening a socket");
  SetTimeout(fd_.get(), SO_RCVTIMEO, timeout);
  SetTimeout(fd_.get(), SO_SNDTIMEO, timeout);
  if (::connect(fd_.get(), bank.data(), bank.size()) != 0) {
    Fail("connecting to " + bank.ToString());
  }
}

std::string ClientLink::Ask(std::string_view body) {
  const std::uint32_t size = htonl(static_cast<std::uint32_t>(body.size()));
  std::string frame(sizeof(size), '\0');
  std::memcpy(frame.data(), &size, sizeof(size));
  frame += body;
  Send(frame);

  std::uint32_t reply_size = 0;
  std::memcpy(&reply_size, Receive(sizeof(reply_size)).data(),
              sizeof(reply_size));
  reply_size = ntohl(reply_size);
  if (reply_size > kMaxBody) {
    throw std::runtime_error("this is no bank: its reply is too long");
  }
  return Receive(reply_size);
}

void ClientLink::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count =
        ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EPIPE || errno == ECONNRESET)) {
      throw std::runtime_error("the bank has closed the connection");
    }
    if (count < 0) Fail("sending");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::string ClientLink::Receive(std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t have = 0;
  while (have < count) {
    const ssize_t got = ::recv(fd_.get(), &bytes[have], count - have, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got == 0 || (got < 0 && errno == ECONNRESET)) {
      throw std::runtime_error("the bank has closed the connection");
    }
    if (got < 0) Fail("receiving");
    have += static_cast<std::size_t>(got);
  }
  return bytes;
}

}  // namespace polymux
