#include "bench/lab/console.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <string>

#include "reactor/unique_fd.h"

namespace polymux::bench {
namespace {

// Puts another descriptor in the place of stderr.
class StderrIs {
 public:
  explicit StderrIs(int fd) : before_(dup(STDERR_FILENO)) {
    dup2(fd, STDERR_FILENO);
  }
  ~StderrIs() { dup2(before_.get(), STDERR_FILENO); }

 private:
  const UniqueFd before_;
};

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    reader = UniqueFd(ends[0]);
    writer = UniqueFd(ends[1]);
  }
  UniqueFd reader;
  UniqueFd writer;
};

TEST(ConsoleTest, SaysItOnStderr) {
  const Pipe pipe;
  const std::string text(10'000, 'x');  // more than is written at once
  {
    const StderrIs here(pipe.writer.get());
    TellUser("{} and {}: ", 1, "two");
    TellUser(text);
  }
  std::string seen(20'000, '\0');
  const ssize_t count = read(pipe.reader.get(), seen.data(), seen.size());
  ASSERT_GT(count, 0);
  seen.resize(static_cast<std::size_t>(count));
  EXPECT_EQ(seen, "1 and two: " + text);
}

TEST(ConsoleTest, AFullDiskIsNoError) {
  const UniqueFd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  ASSERT_TRUE(full);
  const StderrIs here(full.get());
  TellUser("lost");
}

TEST(ConsoleTest, NorIsAReaderThatHasGone) {
  signal(SIGPIPE, SIG_IGN);  // as by HandleInterrupts
  Pipe pipe;
  pipe.reader.Reset();
  const StderrIs here(pipe.writer.get());
  TellUser("lost");
}

// It would wait for ever.
TEST(ConsoleTest, AReaderThatDoesNotReadIsNotWaitedFor) {
  const Pipe pipe;
  const StderrIs here(pipe.writer.get());
  const std::string text(1 << 20, 'x');  // more than a pipe holds
  TellUser(text);
  TellUser("lost");
}

}  // namespace
}  // namespace polymux::bench
