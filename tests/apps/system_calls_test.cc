// The system calls that echo_server really makes, as strace(1) sees them.

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>
#include <set>
#include <string>
#include <utility>
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
  }

  // Runs the server with `flags` under strace, until `talk` has returned.
  void Serve(const std::vector<std::string>& flags,
             const std::function<void(const InetAddress&)>& talk) {
    const std::string prefix =
        testing::TempDir() + "/" + std::to_string(::getpid()) + GetParam();
    const std::string trace = prefix + ".trace";
    const std::string stats = prefix + ".json";
    {
      // Seccomp only stops at the calls asked for, which is much faster.
      std::vector<std::string> command = {
          "strace",
          "-f",
          "-qq",
          "-o",
          trace,
          "-e",
          "trace=select,pselect6,poll,ppoll,epoll_create,epoll_create1,"
          "epoll_ctl,epoll_wait,epoll_pwait,epoll_pwait2,io_uring_enter,"
          "accept,accept4,recvfrom,readv,sendto,writev,sendmsg,recvmsg,listen,"
          "close,shutdown,ioctl,read,timerfd_settime",
          kServer,
          "--backend=" + GetParam(),
          "--stats-json",
          stats};
      command.insert(command.end(), flags.begin(), flags.end());
      Process strace(command);
      std::smatch match;
      const std::string line = strace.ReadLine();
      ASSERT_TRUE(std::regex_search(line, match, std::regex(":(\\d+) ")))
          << line << strace.Errors();
      const InetAddress address = *InetAddress::Parse(
          "127.0.0.1", static_cast<std::uint16_t>(std::stoi(match[1])));
      talk(address);
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

  // Echoes messages, one at a time.
  void ServeMessages() {
    Serve({}, [](const InetAddress& address) {
      for (std::uint64_t i = 0; i < kClients; ++i) {
        Client client(address);
        for (std::uint64_t j = 0; j < kMessages; ++j) client.Echo("message");
      }
    });
  }

  void ReadTrace(const std::string& path) {
    std::ifstream file(path);
    std::smatch match;
    // "123 epoll_wait(4, <unfinished ...>" begins a call that "123 <... "
    // ends.
    const std::regex call(R"(^\d+ +([a-z0-9_]+)\(.*)");
    for (std::string line; std::getline(file, line);) {
      if (!std::regex_match(line, match, call)) continue;
      // What every program does before it comes to serve.
      if (match[1] == "listen") {
        calls_.erase("close");
        calls_.erase("read");
        calls_.erase("ioctl");
      }
      ++calls_[match[1]];
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

  // Each counter is the number of its system calls, but for those that come
  // after the last line of statistics has been written.
  void ExpectAllCounted() const {
    const auto expect_near = [this](const std::vector<std::string>& counters,
                                    const std::set<std::string>& calls,
                                    std::uint64_t after_the_last_line) {
      SCOPED_TRACE(*calls.begin());
      std::uint64_t counted = 0;
      for (const std::string& counter : counters) counted += Counted(counter);
      const std::uint64_t traced = Traced(calls);
      EXPECT_LE(counted, traced);
      EXPECT_LE(traced, counted + after_the_last_line);
    };
    expect_near({"waits", "uring_more_enters"},
                {"select", "pselect6", "poll", "ppoll", "epoll_wait",
                 "epoll_pwait", "epoll_pwait2", "io_uring_enter"},
                16);  // the rings let go of their descriptors

    expect_near({"reads"}, {"recvfrom", "readv", "recvmsg"}, 0);
    expect_near({"writes"}, {"sendto", "writev", "sendmsg"}, 0);
    expect_near({"accepts"}, {"accept", "accept4"}, 0);
    expect_near({"shutdowns"}, {"shutdown"}, 0);
    expect_near({"ioctls"}, {"ioctl"}, 0);
    expect_near({"wakeup_reads", "timer_reads", "signal_reads"}, {"read"}, 8);
    expect_near({"timer_sets"}, {"timerfd_settime"}, 0);
    // The descriptors of two loops, of the signals, of the file and the log.
    expect_near({"closes"}, {"close"}, 12);
    if (backend().changes_are_system_calls) {
      // Two loops forget their eventfd and timerfd, the main loop its signalfd.
      expect_near({"adds", "modifies", "removes", "epoll_more_changes"},
                  {"epoll_ctl"}, 5);
    }
  }

  std::map<std::string, std::uint64_t> calls_;
  Json stats_;
};

TEST_P(SystemCalls, F03_AreThoseOfItsBackendAndNoOther) {
  ServeMessages();
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
  ServeMessages();
  ExpectAllCounted();
}

// Connections that come and go, also after a bad frame; more than there may be;
// and what is connected when the server is told to stop.
TEST_P(SystemCalls, AreCountedInChurnRejectAndDrainToo) {
  constexpr std::size_t kHeld = 20;
  std::vector<Client> held;
  Serve({"--codec", "length", "--max-connections", std::to_string(2 * kHeld)},
        [&held](const InetAddress& address) {
          const std::string frame("\0\0\0\5hello", 9);
          const auto hold = [&](std::size_t count) {
            while (held.size() < count) {
              Client client(address);
              try {
                client.Echo(frame);
                held.push_back(std::move(client));
              } catch (const std::exception&) {
                // Turned away: the server still has one that has gone.
              }
            }
          };
          hold(kHeld);
          for (int i = 0; i < 100; ++i) {
            Client client(address);
            client.Echo(frame);
            if (i % 10 > 0) continue;
            client.Send("\x7f\xff\xff\xff announces 2 GiB");
            client.SeesTheEnd();
          }
          hold(2 * kHeld);
          for (int i = 0; i < 50; ++i) {
            EXPECT_TRUE(Client(address).SeesTheEnd());
          }
        });
  EXPECT_GE(Counted("rejected_limit"), 50U);
  EXPECT_GE(Counted("closes"), 150U);
  EXPECT_GE(Counted("shutdowns"), 10U) << "of the bad frames";
  EXPECT_GE(Counted("ioctls"), 2 * kHeld) << "of those that were drained";
  ExpectAllCounted();
}

TEST_P(SystemCalls, AMessageCostsOneReadAndOneWrite) {
  ServeMessages();
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
