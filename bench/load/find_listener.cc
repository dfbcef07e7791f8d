#include "bench/load/find_listener.h"

#include <poll.h>

#include <array>
#include <system_error>

#include "bench/load/client_socket.h"
#include "reactor/unique_fd.h"

namespace polymux::bench {
namespace {

// The outcome of a connection to `address`; operation_canceled by stop_fd.
std::error_code Try(const InetAddress& address,
                    std::chrono::milliseconds patience, int stop_fd) {
  std::error_code error;
  const UniqueFd fd = ClientSocketFactory(address).StartConnect(error);
  if (error) return error;
  std::array<pollfd, 2> entries{{{fd.get(), POLLOUT, 0}, {stop_fd, POLLIN, 0}}};
  poll(entries.data(), entries.size(), static_cast<int>(patience.count()));
  if (entries[1].revents != 0) {
    return std::make_error_code(std::errc::operation_canceled);
  }
  return entries[0].revents != 0 ? ConnectOutcome(fd.get())
                                 : std::make_error_code(std::errc::timed_out);
}

}  // namespace

FoundListener FindListener(std::span<const InetAddress> addresses,
                           std::chrono::milliseconds patience, int stop_fd) {
  FoundListener found;
  if (addresses.size() == 1) found.address = addresses.front();
  for (const InetAddress& address : addresses) {
    if (found.address || found.stopped) break;
    const std::error_code error = Try(address, patience, stop_fd);
    if (!error) {
      found.address = address;
    } else if (error == std::errc::operation_canceled) {
      found.stopped = true;
    } else {
      found.failures.push_back(address.ToString() + ": " + error.message());
    }
  }
  return found;
}

}  // namespace polymux::bench
