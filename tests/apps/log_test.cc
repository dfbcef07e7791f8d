// The log that no thread waits for.

#include "apps/log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>

#include "reactor/unique_fd.h"
#include "tests/reactor/support.h"

namespace polymux {
namespace {

// While it lives, standard error is a pipe that holds one page.
class StandardErrorPipe {
 public:
  StandardErrorPipe() : before_(Must(::dup(STDERR_FILENO))) {
    std::array<int, 2> ends{};
    Must(::pipe2(ends.data(), O_CLOEXEC));
    reader_.Reset(ends[0]);
    const UniqueFd writer(ends[1]);
    Must(::fcntl(writer.get(), F_SETPIPE_SZ, 4096));
    Must(::dup2(writer.get(), STDERR_FILENO));
  }
  StandardErrorPipe(const StandardErrorPipe&) = delete;
  StandardErrorPipe& operator=(const StandardErrorPipe&) = delete;
  ~StandardErrorPipe() { Restore(); }

  void Restore() { ::dup2(before_.get(), STDERR_FILENO); }

  // Until `text` has come; all there was.
  std::string ReadUntil(const std::string& text) {
    std::string all;
    while (all.find(text) == std::string::npos) {
      std::array<char, 4096> chunk{};
      const int count = Must(
          static_cast<int>(::read(reader_.get(), chunk.data(), chunk.size())));
      if (count == 0) break;
      all.append(chunk.data(), static_cast<std::size_t>(count));
    }
    return all;
  }

 private:
  const UniqueFd before_;
  UniqueFd reader_;
};

TEST(LogTest, LinesAreWrittenInTheirOrderByTheEnd) {
  StandardErrorPipe pipe;
  std::thread logs([] {
    const Log log("program");
    for (int i = 0; i < 500; ++i) spdlog::info("line {}", i);
  });
  const std::string all = pipe.ReadUntil("line 499");
  logs.join();
  std::size_t at = 0;
  for (int i = 0; i < 500; ++i) {
    at = all.find("[program] [info] line " + std::to_string(i) + "\n", at);
    ASSERT_NE(at, std::string::npos) << i << " in " << all;
  }
}

TEST(LogTest, ALineIsOneLineWhateverIsInIt) {
  StandardErrorPipe pipe;
  const Log log("program");
  spdlog::info("{}", "a\n[forged] \x1b[2J\xc2\x9b\xff");
  spdlog::info("the end");
  const std::string all = pipe.ReadUntil("the end\n");
  EXPECT_NE(all.find(R"(a\n[forged] \x1b[2J)"), std::string::npos) << all;
  EXPECT_EQ(std::ranges::count(all, '\n'), 2);
  EXPECT_TRUE(std::ranges::all_of(all, [](char c) {
    return c == '\n' || (c >= ' ' && c <= '~');
  })) << all;
}

// What goes is the oldest, and is told where it is missing.
TEST(LogTest, NobodyWaitsAndWhatIsMissingIsTold) {
  StandardErrorPipe pipe;
  std::optional<Log> log("program");
  constexpr int kLines = 5000;
  for (int i = 0; i < kLines; ++i) spdlog::info("line {} ends", i);
  spdlog::info("the last one");
  std::string all;
  std::thread reads([&] { all = pipe.ReadUntil("the last one"); });
  reads.join();
  log.reset();
  const std::string mark = " lines of the log are missing here";
  const std::size_t told = all.find(mark);
  ASSERT_NE(told, std::string::npos) << all.substr(0, 1000);
  const std::size_t number = all.rfind(' ', told - 1) + 1;
  std::size_t there = 0;
  for (std::size_t at = 0; (at = all.find(" ends", at)) != std::string::npos;
       ++at) {
    ++there;
  }
  std::size_t missing = 0;
  for (std::size_t at = 0; (at = all.find(mark, at)) != std::string::npos;
       ++at) {
    missing += std::stoul(all.substr(all.rfind(' ', at - 1) + 1));
  }
  EXPECT_EQ(there + missing, kLines) << all.substr(number, 100);
}

// A reader that has stopped. In a process of its own: the log's thread stays
// where it is.
TEST(LogDeathTest, TheEndDoesNotWaitForAStuckWrite) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        StandardErrorPipe pipe;
        {
          const Log log("program");
          for (int i = 0; i < 5000; ++i) spdlog::info("line {}", i);
        }
        spdlog::info("too late");
        std::exit(7);
      },
      testing::ExitedWithCode(7), "");
}

// Whether the thread "log" of this process waits.
bool LogSleeps() {
  for (const auto& task :
       std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream file(task.path() / "stat");
    std::string line;
    std::getline(file, line);
    if (line.find("(log) S") != std::string::npos) return true;
  }
  return false;
}

TEST(LogTest, LinesThatCannotBeWrittenAreMissing) {
  StandardErrorPipe pipe;
  const UniqueFd writer(Must(::dup(STDERR_FILENO)));
  const UniqueFd full(Must(::open("/dev/full", O_WRONLY | O_CLOEXEC)));
  const Log log("program");
  spdlog::info("first");
  EXPECT_EQ(pipe.ReadUntil("first\n").find("missing"), std::string::npos);
  Must(::dup2(full.get(), STDERR_FILENO));
  spdlog::info("lost");
  spdlog::info("lost");
  // The log's thread has tried both when it sleeps again.
  ASSERT_TRUE(Eventually(LogSleeps));
  Must(::dup2(writer.get(), STDERR_FILENO));
  spdlog::info("last");
  const std::string all = pipe.ReadUntil("last\n");
  EXPECT_NE(all.find("2 lines of the log are missing here"), std::string::npos)
      << all;
}

}  // namespace
}  // namespace polymux
