#include "reactor/unique_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <utility>

#include "tests/reactor/support.h"

namespace polymux {
namespace {

int OpenNull() { return Must(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

bool IsOpen(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

TEST(UniqueFdTest, OwnsNothingAtFirst) {
  const UniqueFd fd;
  EXPECT_FALSE(fd);
  EXPECT_EQ(fd.get(), -1);
}

TEST(UniqueFdTest, ClosesWhatItOwns) {
  const int number = OpenNull();
  {
    const UniqueFd fd(number);
    EXPECT_TRUE(fd);
    EXPECT_TRUE(IsOpen(number));
  }
  EXPECT_FALSE(IsOpen(number));
}

TEST(UniqueFdTest, OwnsDescriptorZero) { EXPECT_TRUE(UniqueFd(::dup(0))); }

TEST(UniqueFdTest, MovesItsDescriptor) {
  const int number = OpenNull();
  UniqueFd from(number);
  UniqueFd to(std::move(from));
  EXPECT_EQ(to.get(), number);
  EXPECT_EQ(from.get(), -1);  // NOLINT(bugprone-use-after-move)

  const int other = OpenNull();
  UniqueFd target(other);
  target = std::move(to);
  EXPECT_FALSE(IsOpen(other));
  EXPECT_EQ(target.get(), number);
  EXPECT_TRUE(IsOpen(number));
}

TEST(UniqueFdTest, SurvivesAMoveToItself) {
  UniqueFd fd(OpenNull());
  UniqueFd& same = fd;
  fd = std::move(same);
  EXPECT_TRUE(IsOpen(fd.get()));
}

TEST(UniqueFdTest, ReleaseGivesTheDescriptorAway) {
  const int number = OpenNull();
  {
    UniqueFd fd(number);
    EXPECT_EQ(fd.Release(), number);
    EXPECT_FALSE(fd);
  }
  EXPECT_TRUE(IsOpen(number));
  ::close(number);
}

TEST(UniqueFdTest, ResetReplacesWhatItOwns) {
  const int first = OpenNull();
  const int second = OpenNull();
  UniqueFd fd(first);
  fd.Reset(second);
  EXPECT_FALSE(IsOpen(first));
  EXPECT_TRUE(IsOpen(second));
  fd.Reset();
  EXPECT_FALSE(IsOpen(second));
}

}  // namespace
}  // namespace polymux
