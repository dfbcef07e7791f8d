#include "bench/peers/echo_step.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string_view>

namespace polymux::bench {

EchoStep::Next EchoStep::OnReady(int fd) {
  const auto unsent = unsent_.find(fd);
  return unsent == unsent_.end() ? Echo(fd) : Flush(fd, &unsent->second);
}

EchoStep::Next EchoStep::Echo(int fd) {
  const ssize_t received = recv(fd, buffer_.data(), buffer_.size(), 0);
  if (received <= 0) {
    const bool is_over = received == 0 || (errno != EAGAIN && errno != EINTR);
    return is_over ? Close(fd) : Next::kUnchanged;
  }
  const std::string_view message(buffer_.data(),
                                 static_cast<std::size_t>(received));
  const ssize_t sent = send(fd, message.data(), message.size(), MSG_NOSIGNAL);
  if (sent == received) return Next::kUnchanged;
  if (sent < 0 && errno != EAGAIN && errno != EINTR) return Close(fd);
  unsent_.emplace(
      fd, message.substr(sent < 0 ? 0 : static_cast<std::size_t>(sent)));
  return Next::kWrite;
}

EchoStep::Next EchoStep::Flush(int fd, std::string* unsent) {
  const ssize_t sent = send(fd, unsent->data(), unsent->size(), MSG_NOSIGNAL);
  if (sent < 0) {
    const bool is_over = errno != EAGAIN && errno != EINTR;
    return is_over ? Close(fd) : Next::kUnchanged;
  }
  unsent->erase(0, static_cast<std::size_t>(sent));
  if (!unsent->empty()) return Next::kUnchanged;
  unsent_.erase(fd);
  return Next::kRead;
}

EchoStep::Next EchoStep::Close(int fd) {
  unsent_.erase(fd);
  close(fd);
  return Next::kClosed;
}

}  // namespace polymux::bench
