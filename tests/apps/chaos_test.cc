// A real echo_server against random clients (chaos.h), on each backend.
//
// The run is short here; POLYMUX_CHAOS_SECONDS=60 makes each case so long, and
// POLYMUX_CHAOS_SEED repeats the episodes of a run that failed.

#include "tests/apps/chaos.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <string>

#include "apps/build_info.h"
#include "reactor/delimiter_framing.h"
#include "reactor/fixed_framing.h"
#include "reactor/length_framing.h"
#include "tests/apps/echo_server_process.h"
#include "tests/apps/talk.h"
#include "tests/reactor/support.h"

namespace polymux {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxFrame = std::size_t{20} * 1024;

std::uint64_t FromEnvironment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::stoull(text);
}

std::chrono::milliseconds Duration() {
  static const std::uint64_t seconds =
      FromEnvironment("POLYMUX_CHAOS_SECONDS", 0);
  return seconds == 0 ? 300ms : std::chrono::seconds(seconds);
}

std::size_t Descriptors(pid_t pid) {
  const std::filesystem::directory_iterator entries(
      "/proc/" + std::to_string(pid) + "/fd");
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

// A line of /proc/PID/status, in KiB.
std::size_t StatusKiB(pid_t pid, const std::string& name) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name + ":")) {
      return std::stoul(line.substr(name.size() + 1));
    }
  }
  throw std::runtime_error("no " + name + " in /proc/PID/status");
}

class ChaosTest : public BackendTest {
 protected:
  void SetUp() override {
    BackendTest::SetUp();
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(Duration() + 120s);
    ::alarm(static_cast<unsigned>(seconds.count()));
  }

  void Run(const std::vector<std::string>& flags, const Framing* framing);
};

void ChaosTest::Run(const std::vector<std::string>& flags,
                    const Framing* framing) {
  constexpr int kThreads = 8;
  const std::uint64_t seed =
      FromEnvironment("POLYMUX_CHAOS_SEED", std::random_device()());
  std::cout << "POLYMUX_CHAOS_SEED=" << seed << "\n";
  std::vector<std::string> all = {"--backend", GetParam(), "--reactors", "2"};
  all.insert(all.end(), flags.begin(), flags.end());
  EchoServer server(all);
  const pid_t pid = server.process().pid();
  const std::size_t descriptors = Descriptors(pid);
  const std::size_t memory_kib = StatusKiB(pid, "VmRSS");

  Random random(seed);
  Talk steady(server.address(), framing, &random);
  steady.Send(steady.MakeMessage());
  Chaos chaos(server.address(), framing, seed);
  chaos.Run(kThreads, Duration());

  for (const std::string& complaint : chaos.complaints()) {
    ADD_FAILURE() << complaint;
  }
  for (const auto& [kind, count] : chaos.tally()) {
    std::cout << count << " x " << kind << "\n";
  }
  EXPECT_EQ(chaos.tally().size(), 7U) << "a kind that never had its turn";
  steady.Send(steady.MakeMessage());
  steady.AwaitAnswers();
  EXPECT_TRUE(Eventually([&] { return Descriptors(pid) == descriptors + 1; }))
      << Descriptors(pid) << " descriptors, " << descriptors << " at first";
  if (ThisBuild().sanitizer.empty()) {
    // Each client can make the server hold what it may keep back of its output
    // and input; the allocator rounds that up.
    constexpr std::size_t kPerClientKiB = 4096;
    const std::size_t peak_kib = StatusKiB(pid, "VmHWM");
    std::cout << memory_kib << " KiB at first, " << peak_kib << " at most\n";
    EXPECT_LT(peak_kib, memory_kib + (kThreads + 1) * kPerClientKiB);
  }
  EXPECT_EQ(server.Stop(), 0) << server.process().Errors();
  steady.AwaitEnd();
}

TEST_P(ChaosTest, Raw) { Run({}, nullptr); }

TEST_P(ChaosTest, FixedFrames) {
  const FixedFraming framing(64);
  Run({"--codec=fixed:64"}, &framing);
}

TEST_P(ChaosTest, LengthPrefix) {
  const LengthFraming framing(kMaxFrame);
  Run({"--codec=length", "--max-frame=20k"}, &framing);
}

TEST_P(ChaosTest, Lines) {
  const DelimiterFraming framing(kMaxFrame, "\n");
  Run({"--codec=delimiter", "--max-frame=20k"}, &framing);
}

INSTANTIATE_TEST_SUITE_P(Backends, ChaosTest, EveryBackend(), BackendOf);

}  // namespace
}  // namespace polymux
