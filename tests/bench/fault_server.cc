#include "tests/bench/fault_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace polymux::bench {
namespace {

// So many that the vector of connections never moves.
constexpr std::size_t kMaxConnections = 10'000;

void Check(bool good, const char* what) {
  if (!good) throw std::system_error(errno, std::system_category(), what);
}

}  // namespace

FaultServer::FaultServer(const Options& options)
    : options_(options),
      listener_(socket(options.ipv6 ? AF_INET6 : AF_INET,
                       SOCK_STREAM | SOCK_CLOEXEC, 0)),
      stop_(eventfd(0, EFD_CLOEXEC)) {
  connections_.reserve(kMaxConnections);
  sockaddr_storage storage{};
  auto* const address = reinterpret_cast<sockaddr*>(&storage);
  socklen_t length = sizeof(sockaddr_in);
  if (options.ipv6) {
    auto* const ipv6 = reinterpret_cast<sockaddr_in6*>(&storage);
    ipv6->sin6_family = AF_INET6;
    ipv6->sin6_addr = in6addr_loopback;
    length = sizeof(sockaddr_in6);
  } else {
    auto* const ipv4 = reinterpret_cast<sockaddr_in*>(&storage);
    ipv4->sin_family = AF_INET;
    ipv4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  }
  Check(bind(listener_.get(), address, length) == 0, "bind");
  Check(listen(listener_.get(), 256) == 0, "listen");
  Check(getsockname(listener_.get(), address, &length) == 0, "getsockname");
  // sin_port and sin6_port lie at the same place.
  port_ = ntohs(reinterpret_cast<sockaddr_in*>(&storage)->sin_port);
  thread_ = std::thread([this] { Run(); });
}

FaultServer::~FaultServer() { Stop(); }

std::string FaultServer::address() const {
  return (options_.ipv6 ? "[::1]:" : "127.0.0.1:") + std::to_string(port_);
}

void FaultServer::Stop() {
  if (!thread_.joinable()) return;
  eventfd_write(stop_.get(), 1);
  thread_.join();
}

void FaultServer::Run() {
  while (true) {
    std::vector<pollfd> entries = {{stop_.get(), POLLIN, 0},
                                   {listener_.get(), POLLIN, 0}};
    for (const Connection& connection : connections_) {
      const int fd = connection.is_ignored ? -1 : connection.fd.get();
      entries.push_back({fd, POLLIN, 0});
    }
    poll(entries.data(), entries.size(), -1);
    if (entries[0].revents != 0) return;
    for (std::size_t i = 2; i < entries.size(); ++i) {
      if (entries[i].revents != 0) OnReadable(connections_[i - 2]);
    }
    if (entries[1].revents != 0) Accept();
  }
}

void FaultServer::Accept() {
  UniqueFd fd(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!fd || connections_.size() == kMaxConnections) return;
  const int on = 1;
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  connections_.push_back({.fd = std::move(fd), .input = "", .held = ""});
  ++accepted_;
}

void FaultServer::OnReadable(Connection& connection) {
  if (!connection.fd) return;  // closed by a fault in this round
  std::array<char, 65536> buffer;
  const ssize_t count =
      recv(connection.fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count <= 0) {
    if (count == 0 || errno != EAGAIN) OnEnd(connection);
    return;
  }
  const auto bytes = static_cast<std::size_t>(count);
  if (options_.fan_out) return OnFanOut({buffer.data(), bytes});
  connection.input.append(buffer.data(), bytes);
  std::size_t used = 0;
  const std::size_t size = options_.message_size;
  for (; connection.input.size() - used >= size; used += size) {
    OnMessage(connection, connection.input.substr(used, size));
  }
  connection.input.erase(0, used);
}

void FaultServer::OnEnd(Connection& connection) {
  if (options_.fault == Fault::kIgnoreEnd) {
    connection.is_ignored = true;
  } else {
    connection.fd.Reset();
  }
}

void FaultServer::WatchLead(const Connection& connection) {
  for (const Connection& other : connections_) {
    if (connection.messages > other.messages) {
      lead_ = std::max(lead_, connection.messages - other.messages);
    }
  }
}

void FaultServer::OnMessage(Connection& connection, std::string message) {
  ++messages_;
  ++connection.messages;
  if (options_.watch_lead) WatchLead(connection);
  if (GoesWrong()) {
    Misbehave(connection, std::move(message));
  } else {
    Send(connection, message);
  }
}

void FaultServer::OnFanOut(std::string bytes) {
  ++messages_;
  const bool goes_wrong = GoesWrong();
  for (Connection& connection : connections_) {
    if (&connection != &connections_.back() || !goes_wrong) {
      Send(connection, bytes);
    }
  }
  if (goes_wrong) Misbehave(connections_.back(), std::move(bytes));
}

bool FaultServer::GoesWrong() const {
  return options_.fault != Fault::kNone &&
         messages_ > options_.healthy_messages && !misbehaved_;
}

// Sets misbehaved_ when the fault is complete and all is to be well again.
void FaultServer::Misbehave(Connection& connection, std::string message) {
  const std::size_t middle = message.size() / 2;
  switch (options_.fault) {
    case Fault::kNone:
    case Fault::kStall:
      return;
    case Fault::kIgnoreEnd:
      return Send(connection, message);
    case Fault::kCorruptByte:
      message[middle] = static_cast<char>(message[middle] ^ 0x10);
      Send(connection, message);
      break;
    case Fault::kDropByte:
      Send(connection, message.erase(middle, 1));
      break;
    case Fault::kDropMessage:
      break;
    case Fault::kDoubleMessage:
      Send(connection, message + message);
      break;
    case Fault::kSwapMessages:
    case Fault::kCrossEchoes: {
      const bool same = options_.fault == Fault::kSwapMessages;
      if (holder_ == nullptr) {
        holder_ = &connection;
        connection.held = std::move(message);
        return;
      }
      if ((holder_ == &connection) != same) return Send(connection, message);
      Send(*holder_, message);
      Send(connection, holder_->held);
      break;
    }
    case Fault::kChatter:
      Send(connection, message);
      for (Connection& other : connections_) Send(other, "x");
      break;
    case Fault::kClose:
      connection.fd.Reset();
      break;
    case Fault::kCloseHalfway:
      Send(connection, message.substr(0, middle));
      shutdown(connection.fd.get(), SHUT_WR);
      break;
    case Fault::kReset:
      Reset(connection);
      break;
  }
  misbehaved_ = true;
}

void FaultServer::Reset(Connection& connection) {
  const linger abortive{1, 0};
  setsockopt(connection.fd.get(), SOL_SOCKET, SO_LINGER, &abortive,
             sizeof(abortive));
  connection.fd.Reset();
}

void FaultServer::Send(Connection& connection, const std::string& data) {
  std::size_t done = 0;
  while (connection.fd && done < data.size()) {
    const ssize_t sent = send(connection.fd.get(), data.data() + done,
                              data.size() - done, MSG_NOSIGNAL);
    if (sent < 0) return connection.fd.Reset();
    done += static_cast<std::size_t>(sent);
  }
}

}  // namespace polymux::bench
