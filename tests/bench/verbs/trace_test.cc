// `polymux trace` as a user runs it: real servers under the real strace.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include "bench/lab/arm.h"
#include "bench/lab/process.h"
#include "tests/bench/verbs/run_verb.h"

namespace polymux::bench {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

// A directory of programs that stands in for PATH.
class FakePath {
 public:
  explicit FakePath(const std::string& name)
      : directory_(std::filesystem::path(testing::TempDir()) / name),
        before_(std::getenv("PATH")) {
    std::filesystem::create_directories(directory_);
    setenv("PATH", directory_.c_str(), 1);
  }
  ~FakePath() { setenv("PATH", before_.c_str(), 1); }
  FakePath(const FakePath&) = delete;
  FakePath& operator=(const FakePath&) = delete;

  void Add(const std::string& name, const std::string& script) const {
    const std::filesystem::path path = directory_ / name;
    std::ofstream(path) << "#!/bin/sh\n" << script << "\n";
    chmod(path.c_str(), 0755);
  }

 private:
  const std::filesystem::path directory_;
  const std::string before_;
};

class TraceTest : public testing::TestWithParam<Arm> {};

TEST_P(TraceTest, ShowsOneRequest) {
  if (!GetParam().unavailable.empty()) GTEST_SKIP() << GetParam().unavailable;
  const VerbOutcome outcome = RunVerb({"trace", GetParam().name});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output, HasSubstr("on " + GetParam().name + ":"));
  EXPECT_THAT(outcome.output,
              AnyOf(HasSubstr("accept"), HasSubstr("io_uring_enter")));
  EXPECT_THAT(outcome.output, HasSubstr("-- the client has the reply"));
  // Either calls of its own read and write, or the ring does both.
  EXPECT_THAT(outcome.output,
              AnyOf(HasSubstr("takes 9 bytes"), HasSubstr("io_uring_enter")));
  EXPECT_THAT(outcome.output, AnyOf(HasSubstr("sends 9 bytes on"),
                                    HasSubstr("io_uring_enter")));
  if (GetParam().is_polymux()) {
    EXPECT_THAT(outcome.output, HasSubstr("bytes_read 9"));
  }
  std::istringstream lines(outcome.output);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 80u) << line;
  }
}

INSTANTIATE_TEST_SUITE_P(Arms, TraceTest, testing::ValuesIn(BuiltInArms()),
                         [](const auto& tested) {
                           std::string name = tested.param.name;
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

TEST(TraceVerbTest, SeveralMessagesOverSeveralThreads) {
  const VerbOutcome outcome =
      RunVerb({"trace", "poll", "--messages", "2", "--reactors", "1"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.errors;
  EXPECT_THAT(outcome.output, HasSubstr("message 2"));
  EXPECT_THAT(outcome.output, HasSubstr("io-0"));
  EXPECT_THAT(outcome.output, HasSubstr("bytes_read 18"));
}

TEST(TraceVerbTest, UsageErrors) {
  EXPECT_EQ(RunVerb({"trace"}).exit_code, 2);
  EXPECT_EQ(RunVerb({"trace", "poll", "--messages", "0"}).exit_code, 2);
  const VerbOutcome unknown = RunVerb({"trace", "kqueue"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.errors, HasSubstr("there are"));
  EXPECT_EQ(RunVerb({"trace", "raw-epoll", "--reactors", "1"}).exit_code, 2);
}

TEST(TraceVerbTest, NamesThePackageWithoutStrace) {
  const FakePath path("no-strace");
  const VerbOutcome outcome = RunVerb({"trace", "poll"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("apt install strace"));
}

TEST(TraceVerbTest, SaysThatTracingIsForbidden) {
  const FakePath path("forbidden");
  path.Add("strace",
           "[ \"$1\" = --version ] && exit 0\n"
           "echo 'strace: test_ptrace_get_syscall_info: PTRACE_TRACEME: "
           "Operation not permitted' >&2\nexit 1");
  const VerbOutcome outcome = RunVerb({"trace", "poll"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.errors, HasSubstr("forbidden"));
  EXPECT_THAT(outcome.errors, HasSubstr("SYS_PTRACE"));
}

// Whether it has a listener and a connection.
bool HasConnection(const std::filesystem::path& process) {
  int sockets = 0;
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator(process / "fd", error)) {
    const auto target = std::filesystem::read_symlink(entry.path(), error);
    if (target.string().starts_with("socket:")) ++sockets;
  }
  return sockets >= 2;
}

// The servers that this program runs.
std::vector<std::string> ServersOf(const std::string& program) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "cmdline");
    std::string text{std::istreambuf_iterator<char>(file), {}};
    // The arguments, each ended by a zero byte.
    if (text.find(std::string("\0serve\0", 7)) == std::string::npos) continue;
    std::error_code error;
    if (std::filesystem::read_symlink(entry.path() / "exe", error) == program) {
      found.push_back(entry.path());
    }
  }
  return found;
}

// strace lets its tracee run on when it is killed.
TEST(TraceVerbTest, LeavesNothingBehindWhenKilled) {
  const std::string program =
      std::filesystem::canonical(testing::TempDir()) / "polymux-killed";
  std::filesystem::copy_file(std::filesystem::absolute("bench/polymux"),
                             program,
                             std::filesystem::copy_options::overwrite_existing);
  {
    Process process(
        {.command = {program, "trace", "poll", "--messages", "90"}});
    // A server that starts would end by itself, since nobody reads its output.
    const auto serves = [&] {
      const auto servers = ServersOf(program);
      return !servers.empty() && HasConnection(servers.front());
    };
    for (int i = 0; i < 1000 && !serves(); ++i) usleep(10'000);
    ASSERT_TRUE(serves()) << process.ErrorOutput();
    kill(process.pid(), SIGKILL);
    process.WaitForExit(std::chrono::steady_clock::now() +
                        std::chrono::seconds(10));
  }
  for (int i = 0; i < 1000 && !ServersOf(program).empty(); ++i) usleep(10'000);
  EXPECT_TRUE(ServersOf(program).empty());
}

}  // namespace
}  // namespace polymux::bench
