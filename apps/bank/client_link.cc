#include "apps/bank/client_link.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <system_error>

#include "apps/bank/protocol.h"

namespace polymux {
namespace {

constexpr const char* kHungUp = "the bank has closed the connection";

}  // namespace

std::string ClientLink::Ask(std::string_view body) {
  begun_ = Clock::now();
  sent_ = false;
  try {
    if (!fd_) Connect();
    if (HungUp()) Fail(std::string(kHungUp) + "; log in again");
    const std::uint32_t size = htonl(static_cast<std::uint32_t>(body.size()));
    std::string frame(sizeof(size), '\0');
    std::memcpy(frame.data(), &size, sizeof(size));
    frame += body;
    Send(frame);
    sent_ = true;

    std::uint32_t reply_size = 0;
    std::memcpy(&reply_size, Receive(sizeof(reply_size)).data(),
                sizeof(reply_size));
    reply_size = ntohl(reply_size);
    if (reply_size > kMaxBody) Fail("this is no bank: its reply is too long");
    return Receive(reply_size);
  } catch (...) {
    fd_.Reset();
    throw;
  }
}

void ClientLink::Connect() {
  fd_.Reset(
      ::socket(bank_.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd_) Fail("opening a socket", errno);
  const std::string doing = "connecting to " + bank_.ToString();
  if (::connect(fd_.get(), bank_.data(), bank_.size()) == 0) return;
  if (errno != EINPROGRESS) Fail(doing, errno);
  Await(POLLOUT, doing);
  int error = 0;
  socklen_t size = sizeof(error);
  ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) Fail(doing, error);
}

void ClientLink::ForgetIfClosed() {
  if (fd_ && HungUp()) fd_.Reset();
}

bool ClientLink::HungUp() const {
  char byte = 0;
  const ssize_t count = ::recv(fd_.get(), &byte, sizeof(byte), MSG_PEEK);
  return count == 0 || (count < 0 && errno == ECONNRESET);
}

void ClientLink::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count =
        ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {
      Await(POLLOUT, "sending");
    } else if (errno == EPIPE || errno == ECONNRESET) {
      Fail(kHungUp);
    } else if (errno != EINTR) {
      Fail("sending", errno);
    }
  }
}

std::string ClientLink::Receive(std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t have = 0;
  while (have < count) {
    Await(POLLIN, "receiving");
    const ssize_t got = ::recv(fd_.get(), &bytes[have], count - have, 0);
    if (got > 0) {
      have += static_cast<std::size_t>(got);
    } else if (got == 0 || errno == ECONNRESET) {
      Fail(kHungUp);
    } else if (errno != EINTR && errno != EAGAIN) {
      Fail("receiving", errno);
    }
  }
  return bytes;
}

void ClientLink::Await(short events, const std::string& doing) {
  for (;;) {
    // From what has passed, for a sum with a long timeout could overflow.
    const std::chrono::nanoseconds left = timeout_ - (Clock::now() - begun_);
    if (left.count() <= 0) Fail(doing + ": no answer in time");
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
    const timespec wait{.tv_sec = seconds.count(),
                        .tv_nsec = (left - seconds).count()};
    pollfd ready{.fd = fd_.get(), .events = events, .revents = 0};
    const int count = ::ppoll(&ready, 1, &wait, nullptr);
    if (count > 0) return;
    if (count < 0 && errno != EINTR) Fail(doing, errno);
  }
}

void ClientLink::Fail(const std::string& why) const {
  throw LinkError(why, sent_);
}

void ClientLink::Fail(const std::string& doing, int error) const {
  Fail(doing + ": " + std::generic_category().message(error));
}

}  // namespace polymux
