// What every program owes its caller, whatever it does: standard streams,
// limits, the working directory, and one sentence instead of an abort.

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "apps/build_info.h"
#include "tests/apps/echo_server_process.h"
#include "tests/apps/process.h"
#include "tests/reactor/support.h"

namespace polymux {
namespace {

constexpr int kNotLoaded = 127;  // the dynamic loader's

// Runs `script` in a shell: "$0" is the program, "$@" its arguments.
std::vector<std::string> InShell(const std::string& script,
                                 const std::string& program,
                                 const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {"sh", "-c", script,
                                      std::filesystem::absolute(program)};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class ProgramTest : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(
    Programs, ProgramTest,
    testing::Values("apps/echo_server", "apps/bank/bank_server",
                    "apps/bank/bank_client", "apps/examples/chargen",
                    "apps/examples/chat", "apps/examples/daytime",
                    "apps/examples/discard"),
    [](const auto& test) {
      return std::filesystem::path(test.param).filename().string();
    });

TEST_P(ProgramTest, NeedsNoStreamThatItDoesNotUse) {
  Process program(
      InShell("exec \"$0\" \"$@\" <&- 2>&-", GetParam(), {"--help"}));
  EXPECT_NE(program.ReadToEnd(), "");
  EXPECT_EQ(program.Wait(), 0);
}

TEST_P(ProgramTest, TellsThatItsOutputIsLostAndWhy) {
  const std::string name = std::filesystem::path(GetParam()).filename();
  for (const auto& [stdout_is, reason] :
       {std::pair(">/dev/full", "No space left on device"),
        std::pair(">&-", "Bad file descriptor")}) {
    Process program(InShell("exec \"$0\" \"$@\" " + std::string(stdout_is),
                            GetParam(), {"--help"}));
    EXPECT_EQ(program.Wait(), 1);
    EXPECT_EQ(program.Errors(),
              name + ": cannot write to stdout: " + reason + "\n");
  }
}

class ServerProgramTest : public BackendTest {
 protected:
  void SetUp() override {
    BackendTest::SetUp();
    if (ThisBuild().sanitizer[0] != '\0') {
      limits_memory_ = false;  // a sanitizer needs all addresses
    }
  }

  bool limits_memory_ = true;
};

INSTANTIATE_TEST_SUITE_P(Backends, ServerProgramTest, EveryBackend(),
                         BackendOf);

TEST_P(ServerProgramTest, AClosedStandardStreamIsNoSocket) {
  EchoServer server({"--backend=" + GetParam()},
                    {"sh", "-c", "exec \"$0\" \"$@\" <&- 2>&-"});
  Client client(server.address());
  client.Echo("hello");
  const std::string descriptors =
      "/proc/" + std::to_string(server.process().pid()) + "/fd/";
  for (const char* const number : {"0", "2"}) {
    EXPECT_EQ(std::filesystem::read_symlink(descriptors + number), "/dev/null");
  }
  client.ShutdownWrite();
  EXPECT_EQ(server.Stop(), 0);
}

TEST_P(ServerProgramTest, AFirstLineThatNobodyCanReadIsAStartUpFailure) {
  for (const char* const program :
       {"apps/echo_server", "apps/examples/discard"}) {
    Process server(InShell("exec \"$0\" \"$@\" >/dev/full", program,
                           {"--backend=" + GetParam()}));
    EXPECT_EQ(server.Wait(), 1);
    EXPECT_TRUE(Contains(server.Errors(),
                         "cannot write to stdout: No space left on device\n"))
        << server.Errors();
  }
}

// Threads have stacks of the size of the main thread's limit: one more than
// the address space has room for.
TEST_P(ServerProgramTest, NoThreadToBeHadIsAStartUpFailure) {
  if (!limits_memory_) GTEST_SKIP() << "a sanitizer needs the address space";
  Process server(
      InShell("ulimit -s 2097152 && ulimit -v 1048576 && exec \"$0\" \"$@\"",
              kEchoServer, {"--backend=" + GetParam()}));
  EXPECT_EQ(server.Wait(), 1);
  EXPECT_TRUE(Contains(server.Errors(), "thread")) << server.Errors();
  EXPECT_TRUE(Contains(server.Errors(), "Resource temporarily unavailable"))
      << server.Errors();
}

// Wherever memory ends on the way up, that is an error with a sentence.
TEST_P(ServerProgramTest, NoMemoryIsAStartUpFailure) {
  if (!limits_memory_) GTEST_SKIP() << "a sanitizer needs the address space";
  bool started = false;
  for (int kib = 4096; kib < 65536 && !started; kib += 512) {
    const std::string limited = "ulimit -s 128 && ulimit -v " +
                                std::to_string(kib) + " && exec \"$0\" \"$@\"";
    // The program itself must fit.
    if (Process(InShell(limited, kEchoServer, {"--help"})).Wait() > 1) continue;
    Process server(InShell(limited, kEchoServer,
                           {"--backend=" + GetParam(), "--reactors=2"}));
    started = !server.ReadLine().empty();
    if (started) server.Signal(SIGTERM);
    EXPECT_EQ(server.Wait(), started ? 0 : 1)
        << kib << " KiB: " << server.Errors();
    EXPECT_TRUE(started || !server.Errors().empty()) << kib << " KiB";
  }
  EXPECT_TRUE(started);
}

TEST_P(ServerProgramTest, NoDescriptorForAClientIsAStartUpFailure) {
  bool started = false;
  int failures = 0;
  for (int limit = 4; limit < 64 && !started; ++limit) {
    Process server(InShell(
        "ulimit -n " + std::to_string(limit) + "; exec \"$0\" \"$@\"",
        kEchoServer, {"--backend=" + GetParam(), "--linger-timeout=0s"}));
    const std::string line = server.ReadLine();
    started = !line.empty();
    if (started) {
      const std::size_t colon = line.find(':') + 1;
      const int port = std::stoi(line.substr(colon));
      Client(*InetAddress::Parse("127.0.0.1", static_cast<std::uint16_t>(port)))
          .Echo("there is one for me");
      server.Signal(SIGTERM);
      EXPECT_EQ(server.Wait(), 0) << server.Errors();
    } else {
      const int exit_code = server.Wait();
      EXPECT_TRUE(exit_code == 1 || exit_code == kNotLoaded) << exit_code;
      EXPECT_NE(server.Errors(), "") << limit;
      failures += exit_code == 1 ? 1 : 0;
    }
  }
  EXPECT_TRUE(started);
  EXPECT_GT(failures, 0);
}

TEST(ServerProgramDirectoryTest, ARemovedWorkingDirectoryIsNotNeeded) {
  const std::string leave =
      "unset BUILD_WORKING_DIRECTORY; program=$PWD/$0; gone=$(mktemp -d) && "
      "cd \"$gone\" && rmdir \"$gone\" && exec \"$program\" \"$@\"";
  const std::string path = testing::TempDir() + "/stats-of-a-removed-directory";
  {
    EchoServer server({"--stats-json", path}, {"sh", "-c", leave});
    EXPECT_EQ(server.Stop(), 0) << server.process().Errors();
    EXPECT_TRUE(std::filesystem::remove(path));
  }
  Process server({"sh", "-c", leave, kEchoServer, "--stats-json", "relative"});
  EXPECT_EQ(server.Wait(), 1);
  EXPECT_TRUE(Contains(server.Errors(), "No such file or directory"))
      << server.Errors();
}

}  // namespace
}  // namespace polymux
