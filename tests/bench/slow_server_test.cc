// slow_server costs what it was told to, and is echo_server otherwise.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/lab/process.h"
#include "reactor/unique_fd.h"

namespace polymux::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr const char* kProgram = "tests/bench/slow_server";

Deadline Soon() { return steady_clock::now() + seconds(20); }

std::vector<std::string> Command(const std::string& extra) {
  return {"/usr/bin/env", "POLYMUX_EXTRA_NS=" + extra, kProgram, "--port", "0"};
}

UniqueFd ConnectTo(std::uint16_t port) {
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(
      connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address),
      0);
  const timeval limit{.tv_sec = 20, .tv_usec = 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  return fd;
}

// Sends a byte and waits for it, `count` times.
void Exchange(const UniqueFd& fd, int count) {
  for (int i = 0; i < count; ++i) {
    const char sent = static_cast<char>(i);
    ASSERT_EQ(send(fd.get(), &sent, 1, MSG_NOSIGNAL), 1);
    char received = 0;
    ASSERT_EQ(recv(fd.get(), &received, 1, 0), 1);
    ASSERT_EQ(received, sent);
  }
}

nanoseconds CpuTime(pid_t pid) {
  clockid_t clock = 0;
  timespec time{};
  EXPECT_EQ(clock_getcpuclockid(pid, &clock), 0);
  EXPECT_EQ(clock_gettime(clock, &time), 0);
  return seconds(time.tv_sec) + nanoseconds(time.tv_nsec);
}

// What `messages` messages cost a server with that extra work, in CPU time.
nanoseconds CostOf(int messages, const std::string& extra) {
  Process server({.command = Command(extra)});
  const std::string line = server.ReadLine(Soon()).value_or("");
  EXPECT_TRUE(line.starts_with("listening 127.0.0.1:")) << line;
  if (line.empty()) return {};
  const auto port =
      static_cast<std::uint16_t>(std::stoi(line.substr(line.find(':') + 1)));
  const UniqueFd client = ConnectTo(port);
  Exchange(client, 1);
  const nanoseconds before = CpuTime(server.pid());
  Exchange(client, messages);
  const nanoseconds cost = CpuTime(server.pid()) - before;
  EXPECT_TRUE(server.Stop().success()) << server.ErrorOutput();
  return cost;
}

TEST(SlowServerTest, EachMessageCostsMore) {
  // The extra work is far beyond what a message costs otherwise. A CPU that
  // becomes faster after the calibration makes it cheaper.
  EXPECT_GT(CostOf(100, "1000000"), milliseconds(50));
}

TEST(SlowServerTest, NothingMoreIsPossible) {
  EXPECT_LT(CostOf(100, "0"), milliseconds(50));
}

TEST(SlowServerTest, AnUnreadableCostIsNotTakenForNone) {
  for (const char* extra : {"", "3%", "-1", "1e3", "99999999999"}) {
    Process server({.command = Command(extra)});
    const auto status = server.WaitForExit(Soon());
    ASSERT_TRUE(status) << extra;
    EXPECT_EQ(status->Describe(), "exited with status 2") << extra;
  }
}

}  // namespace
}  // namespace polymux::bench
