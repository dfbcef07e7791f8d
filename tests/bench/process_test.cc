#include "bench/lab/process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "bench/lab/cpus.h"

namespace polymux::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

Deadline Soon() { return steady_clock::now() + seconds(20); }

ProcessOptions Shell(const std::string& script) {
  return {.command = {"sh", "-c", script}};
}

// Whether a process runs, as opposed to a zombie or none.
bool Runs(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  if (!std::getline(file, text)) return false;
  return text[text.rfind(')') + 2] != 'Z';
}

bool EndsSoon(pid_t pid) {
  const Deadline deadline = Soon();
  while (Runs(pid) && steady_clock::now() < deadline) {
    std::this_thread::sleep_for(milliseconds(5));
  }
  return !Runs(pid);
}

bool HasChildren() { return waitpid(-1, nullptr, WNOHANG) >= 0; }

TEST(ProcessTest, ReadsLinesAndWhatIsLeft) {
  Process process(Shell("printf 'one\\ntwo\\nthree'"));
  EXPECT_EQ(process.ReadLine(Soon()), "one");
  EXPECT_EQ(process.ReadLine(Soon()), "two");
  EXPECT_EQ(process.ReadLine(Soon()), "three");
  EXPECT_EQ(process.ReadLine(Soon()), std::nullopt);
}

TEST(ProcessTest, ReadsMoreThanAPipeHolds) {
  Process process(Shell("head -c 1000000 /dev/zero"));
  const auto output = process.ReadToEnd(Soon());
  ASSERT_TRUE(output);
  EXPECT_EQ(output->size(), 1'000'000u);
}

TEST(ProcessTest, ReadingEndsAtTheDeadline) {
  Process process(Shell("printf half; sleep 60"));
  EXPECT_EQ(process.ReadLine(steady_clock::now() + milliseconds(100)),
            std::nullopt);
  EXPECT_EQ(process.ReadToEnd(steady_clock::now() + milliseconds(10)),
            std::nullopt);
  EXPECT_FALSE(process.WaitForExit(steady_clock::now() + milliseconds(10)));
}

TEST(ProcessTest, TellsHowItEnded) {
  Process failed(Shell("exit 3"));
  const auto status = failed.WaitForExit(Soon());
  ASSERT_TRUE(status);
  EXPECT_FALSE(status->success());
  EXPECT_EQ(status->Describe(), "exited with status 3");
  Process killed(Shell("kill -9 $$"));
  EXPECT_EQ(killed.WaitForExit(Soon())->Describe(),
            "was killed by signal 9 (Killed)");
  Process good(Shell("true"));
  EXPECT_TRUE(good.WaitForExit(Soon())->success());
  EXPECT_TRUE(good.Stop().success());
}

TEST(ProcessTest, KeepsTheLastLinesOfStderr) {
  Process process(Shell(
      "i=0; while [ $i -lt 1000 ]; do echo line $i >&2; i=$((i+1)); done"));
  process.WaitForExit(Soon());
  const std::string output = process.ErrorOutput();
  EXPECT_LE(output.size(), 2000u);
  EXPECT_TRUE(output.starts_with("line ")) << output;
  EXPECT_TRUE(output.ends_with("\nline 999")) << output;
}

// Megabytes on one line, as of a progress bar: issue 13.
TEST(ProcessTest, LastWordsNeedNoNewline) {
  Process process(
      Shell("head -c 3000000 /dev/zero | tr '\\0' x >&2; printf end >&2"));
  process.WaitForExit(Soon());
  const std::string output = process.ErrorOutput();
  EXPECT_EQ(output.size(), 2000u);
  EXPECT_TRUE(output.ends_with("xend"));
}

// Neither by pieces nor by lines does it fill our memory.
TEST(ProcessTest, OutputIsBounded) {
  Process process(Shell("exec cat /dev/zero"));
  EXPECT_THROW(process.ReadToEnd(Soon()), std::runtime_error);
  Process line(Shell("exec cat /dev/zero"));
  EXPECT_THROW(line.ReadLine(Soon()), std::runtime_error);
}

std::string Environment(const std::vector<std::string>& command,
                        std::optional<std::size_t> padding) {
  Process process({.command = command, .padding = padding});
  return process.ReadToEnd(Soon()).value_or("");
}

// Where the kernel has put arguments and environment, from fields 48 to 51 of
// proc(5)'s stat: their lengths.
long LengthOfStrings(const std::string& stat) {
  std::istringstream fields(stat.substr(stat.rfind(')') + 2));
  std::vector<unsigned long long> values;
  std::string state;
  fields >> state;
  for (unsigned long long value = 0; fields >> value;) {
    values.push_back(value);
  }
  // arg_start is field 48, env_end 51; the first in `values` is field 4.
  return static_cast<long>(values.at(51 - 4) - values.at(48 - 4));
}

// Two commands of different lengths: their stacks begin equally far below.
TEST(ProcessTest, PaddingMakesAllCommandsEquallyLong) {
  const std::string stat = "/proc/self/stat";
  const auto space = [&](const std::string& option, std::size_t padding) {
    // A pointer more for the option.
    return LengthOfStrings(Environment({"cat", option, stat}, padding));
  };
  const long with_short = space("-u", 0);
  EXPECT_GT(with_short, 16000);
  EXPECT_EQ(space("--show-ends", 0), with_short);
  EXPECT_EQ(space("-u", 100), with_short + 100);
}

TEST(ProcessTest, ThisProgramIsRunWhateverBecameOfItsFile) {
  const std::string program = testing::TempDir() + "/a = b # c";
  std::filesystem::copy_file("/bin/cat", program,
                             std::filesystem::copy_options::overwrite_existing);
  Process process(
      {.command = {program, "/dev/zero"}, .stdout_to_stderr = true});
  std::filesystem::remove(program);
  // What ThisProgram says of this process, of that one.
  std::string path = ThisProgram();
  const std::string ours = std::to_string(getpid());
  path.replace(path.find(ours), ours.size(), std::to_string(process.pid()));
  Process again({.command = {path, "/proc/version"}});
  EXPECT_TRUE(again.ReadToEnd(Soon()).value_or("").starts_with("Linux"));
}

TEST(ProcessTest, StdoutCanGoToStderr) {
  ProcessOptions options = Shell("echo out; echo err >&2");
  options.stdout_to_stderr = true;
  Process process(options);
  process.WaitForExit(Soon());
  EXPECT_EQ(process.ErrorOutput(), "out\nerr");
}

TEST(ProcessTest, AProgramThatCannotStartIsAnError) {
  try {
    Process process({.command = {"/no/such/program"}});
    FAIL();
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), ENOENT);
    EXPECT_NE(std::string(error.what()).find("/no/such/program"),
              std::string::npos);
  }
  EXPECT_FALSE(HasChildren());
}

TEST(ProcessTest, StopIsGentleFirst) {
  Process process(
      Shell("trap 'exit 7' TERM; echo ready; while :; do sleep "
            "0.01; done"));
  ASSERT_EQ(process.ReadLine(Soon()), "ready");
  EXPECT_EQ(process.Stop().Describe(), "exited with status 7");
  EXPECT_FALSE(HasChildren());
}

TEST(ProcessTest, StopKillsWhatDoesNotListen) {
  Process process(
      Shell("trap '' TERM; echo ready; while :; do sleep 0.01; "
            "done"));
  ASSERT_EQ(process.ReadLine(Soon()), "ready");
  const auto start = steady_clock::now();
  EXPECT_EQ(process.Stop().Describe(), "was killed by signal 9 (Killed)");
  EXPECT_GE(steady_clock::now() - start, seconds(2));
}

TEST(ProcessTest, NothingOfTheGroupIsLeft) {
  pid_t grandchild = 0;
  {
    Process process(Shell("trap '' TERM; sleep 60 & echo $!; exec sleep 60"));
    grandchild = std::stoi(process.ReadLine(Soon()).value());
    kill(process.pid(), SIGKILL);
  }
  EXPECT_TRUE(EndsSoon(grandchild));
  EXPECT_FALSE(HasChildren());
}

// A daemon: in a session of its own, and its parent has ended.
TEST(ProcessTest, WhatHasLeftTheGroupIsEndedToo) {
  pid_t daemon = 0;
  {
    Process process(
        Shell("(setsid sh -c 'echo $$; exec sleep 60' &); exec sleep 60"));
    daemon = std::stoi(process.ReadLine(Soon()).value());
    EXPECT_TRUE(Runs(daemon));
  }
  EXPECT_FALSE(Runs(daemon));
  EXPECT_FALSE(HasChildren());
}

TEST(ProcessTest, ItStartsWithCleanSignals) {
  sigset_t blocked;
  sigset_t before;
  sigfillset(&blocked);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const auto old_action = signal(SIGPIPE, SIG_IGN);
  Process process(
      {.command = {"grep", "-E", "Sig(Blk|Ign)", "/proc/self/status"}});
  const auto output = process.ReadToEnd(Soon());
  signal(SIGPIPE, old_action);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ASSERT_TRUE(output);
  std::istringstream words(*output);
  std::string name;
  std::string mask;
  words >> name >> mask;
  EXPECT_EQ(std::stoull(mask, nullptr, 16), 0u) << *output;
  words >> name >> mask;
  const unsigned long long sigpipe = 1ull << (SIGPIPE - 1);
  EXPECT_EQ(std::stoull(mask, nullptr, 16) & sigpipe, 0u) << *output;
}

TEST(ProcessTest, ItInheritsNoDescriptor) {
  Process other(Shell("exec sleep 60"));
  Process process({.command = {"ls", "/proc/self/fd"}});
  // The fourth is the directory that ls reads.
  EXPECT_EQ(process.ReadToEnd(Soon()), "0\n1\n2\n3\n");
}

TEST(ProcessTest, ItIsPinned) {
  const int cpu = AllowedCpus().back();
  ProcessOptions options{
      .command = {"grep", "Cpus_allowed_list", "/proc/self/status"}};
  options.cpus = {cpu};
  Process process(options);
  EXPECT_EQ(process.ReadLine(Soon()),
            "Cpus_allowed_list:\t" + std::to_string(cpu));
}

TEST(ProcessTest, ItStartsInItsDirectory) {
  ProcessOptions options{.command = {"pwd"}};
  options.directory = "/usr";
  Process process(options);
  EXPECT_EQ(process.ReadLine(Soon()), "/usr");
}

// The lab is killed: nobody is left to clean up.
TEST(ProcessTest, ItDiesWithItsParent) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t parent = fork();
  if (parent == 0) {
    Process process(Shell("exec sleep 60"));
    const pid_t pid = process.pid();
    if (write(ends[1], &pid, sizeof pid) != sizeof pid) _exit(1);
    pause();
  }
  pid_t child = 0;
  ASSERT_EQ(read(ends[0], &child, sizeof child),
            static_cast<ssize_t>(sizeof child));
  EXPECT_TRUE(Runs(child));
  kill(parent, SIGKILL);
  EXPECT_EQ(waitpid(parent, nullptr, 0), parent);
  EXPECT_TRUE(EndsSoon(child));
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace polymux::bench
