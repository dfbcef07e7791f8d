// The system calls that echo_server really makes, as strace(1) sees them.

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "apps/build_info.h"
#include "tests/apps/process.h"
#include "tests/reactor/support.h"

namespace polymux {
namespace {

using Json = nlohmann::json;

constexpr const char* kServer = "apps/echo_server";
constexpr std::uint64_t kClients = 10;
constexpr std::uint64_t kMessages = 100;

// Whether strace can be had and may trace a child here.
bool CanTrace() {
  Process probe(
      {"strace", "-qq", "-e", "trace=none", "-o", "/dev/null", "true"});
  return probe.Wait() == 0;
}

// select, poll, epoll or io_uring for a call that waits or changes what is
// waited for.
std::string FamilyOf(const std::string& call) {
  for (const char* const family : {"epoll", "select", "poll", "io_uring"}) {
    if (call.find(family) != std::string::npos) return family;
  }
  return "";
}

class SystemCalls : public BackendTest {
 protected:
  void SetUp() override {
    BackendTest::SetUp();
    if (IsSkipped()) return;
    if (!ThisBuild().sanitizer.empty()) {
      GTEST_SKIP() << "a sanitizer makes system calls of its own";
    }
    if (!CanTrace()) GTEST_SKIP() << "strace is missing or may not trace";
    Serve();
  }

  // Runs the server under strace and echoes messages, one at a time.
  void Serve() {
    const std::string prefix =
        testing::TempDir() + "/" + std::to_string(::getpid()) + GetParam();
    const std::string trace = prefix + ".trace";
    const std::string stats = prefix + ".json";
    {
      // Seccomp only stops at the calls asked for, which is much faster.
      Process strace(
          {"strace", "-f", "-qq", "-o", trace, "-e",
           "trace=select,pselect6,poll,ppoll,epoll_create,"
           "epoll_create1,epoll_ctl,epoll_wait,epoll_pwait,"
           "epoll_pwait2,io_uring_enter,accept,accept4,recvfrom,readv,sendto,"
           "writev,sendmsg,recvmsg",
           kServer, "--backend=" + GetParam(), "--stats-json", stats});
      std::smatch match;
      const std::string line = strace.ReadLine();
      ASSERT_TRUE(std::regex_search(line, match, std::regex(":(\\d+) ")))
          << line << strace.Errors();
      const InetAddress address = *InetAddress::Parse(
          "127.0.0.1", static_cast<std::uint16_t>(std::stoi(match[1])));
      for (std::uint64_t i = 0; i < kClients; ++i) {
        Client client(address);
        for (std::uint64_t j = 0; j < kMessages; ++j) client.Echo("message");
      }
      // The server is strace's only child.
      std::ifstream children("/proc/" + std::to_string(strace.pid()) +
                             "/task/" + std::to_string(strace.pid()) +
                             "/children");
      pid_t server = 0;
      ASSERT_TRUE(children >> server);
      ::kill(server, SIGTERM);
      EXPECT_EQ(strace.Wait(), 0) << strace.Errors();
    }
    ReadTrace(trace);
    std::ifstream file(stats);
    stats_ = Json::parse(file);
    ::unlink(trace.c_str());
    ::unlink(stats.c_str());
  }

  void ReadTrace(const std::string& path) {
    std::ifstream file(path);
    std::smatch match;
    // "123 epoll_wait(4, <unfinished ...>" begins a call that "123 <... "
    // ends.
    const std::regex call(R"(^\d+ +([a-z0-9_]+)\(.*)");
    for (std::string line; std::getline(file, line);) {
      if (std::regex_match(line, match, call)) ++calls_[match[1]];
    }
  }

  // Zero for a counter that this backend does not have.
  std::uint64_t Counted(const std::string& counter) const {
    std::uint64_t total = 0;
    for (const Json& loop : stats_.at("loops")) {
      total += loop.at("counters").value(counter, std::uint64_t{0});
    }
    return total;
  }

  std::uint64_t Traced(const std::set<std::string>& names) const {
    std::uint64_t total = 0;
    for (const auto& [name, count] : calls_) {
      if (names.contains(name)) total += count;
    }
    return total;
  }

  std::map<std::string, std::uint64_t> calls_;
  Json stats_;
};

TEST_P(SystemCalls, F03_AreThoseOfItsBackendAndNoOther) {
  const std::string interface(backend().kernel_interface);
  const std::string family = interface.substr(0, interface.find('('));
  std::uint64_t own = 0;
  for (const auto& [name, count] : calls_) {
    if (FamilyOf(name).empty()) continue;
    EXPECT_EQ(FamilyOf(name), family) << name << ", " << count << " times";
    own += count;
  }
  EXPECT_GE(own, kClients * kMessages);
}

TEST_P(SystemCalls, AreThoseThatTheCountersTell) {
  // The last line is written a few calls before the end.
  const auto expect_near = [](std::uint64_t counted, std::uint64_t traced,
                              double after_the_last_line) {
    const double missing =
        static_cast<double>(traced) - static_cast<double>(counted);
    EXPECT_LE(std::abs(missing),
              after_the_last_line + 0.01 * static_cast<double>(traced))
        << counted << " counted, " << traced << " traced";
  };
  {
    SCOPED_TRACE("waits");
    expect_near(Counted("waits") + Counted("uring_more_enters"),
                Traced({"select", "pselect6", "poll", "ppoll", "epoll_wait",
                        "epoll_pwait", "epoll_pwait2", "io_uring_enter"}),
                4);
  }
  {
    SCOPED_TRACE("reads");
    expect_near(Counted("reads"), Traced({"recvfrom", "readv", "recvmsg"}), 0);
  }
  {
    SCOPED_TRACE("writes");
    expect_near(Counted("writes"), Traced({"sendto", "writev", "sendmsg"}), 0);
  }
  {
    SCOPED_TRACE("accepts");
    expect_near(Counted("accepts"), Traced({"accept", "accept4"}), 0);
  }
  if (backend().changes_are_system_calls) {
    // Two loops forget their eventfd and timerfd, the main loop its signalfd.
    SCOPED_TRACE("changes");
    expect_near(Counted("adds") + Counted("modifies") + Counted("removes"),
                Traced({"epoll_ctl"}), 5);
  }
}

TEST_P(SystemCalls, AMessageCostsOneReadAndOneWrite) {
  const std::uint64_t messages = kClients * kMessages;
  // And a read for the end of each connection; SIGTERM may overtake that of the
  // last one.
  EXPECT_GE(Counted("reads"), messages + kClients - 1);
  EXPECT_LE(Counted("reads"), messages + kClients);
  EXPECT_EQ(Counted("writes"), messages);
}

INSTANTIATE_TEST_SUITE_P(Backends, SystemCalls, EveryBackend(), BackendOf);

}  // namespace
}  // namespace polymux
