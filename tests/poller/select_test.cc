// Group J of docs/conformance.md: what select(2) needs care for. The cases hold
// on every backend.

#include <gtest/gtest.h>
#include <sys/select.h>

#include "tests/poller/support.h"

namespace polymux {
namespace {

using namespace std::chrono_literals;

class DescriptorLimit : public PollerTest {
 protected:
  bool Usable(int fd) const {
    return !backend().max_fd || fd <= *backend().max_fd;
  }
};

// pupnp/pupnp#423: FD_SET of 1024 writes past the set, or aborts under
// _FORTIFY_SOURCE.
TEST_P(DescriptorLimit, J01_RefusedNotUndefined) {
  const ScopedFd fd = MakeEventFd(1);
  const std::vector<ScopedFd> dummies = MakeEventFds(FD_SETSIZE);
  for (const int number : {FD_SETSIZE - 1, FD_SETSIZE, FD_SETSIZE + 1, 4000}) {
    const ScopedFd high = DuplicateFrom(fd.get(), number);
    const std::error_code error =
        poller().Watch(high.get(), Level(kReadWrite), 1);
    if (Usable(high.get())) {
      EXPECT_FALSE(error) << high.get() << ": " << error.message();
      EXPECT_TRUE(Of(Wait(), 1).read);
      Forget(high.get());
    } else {
      EXPECT_EQ(error, std::errc::no_space_on_device) << high.get();
      EXPECT_EQ(poller().Forget(high.get()),
                std::errc::no_such_file_or_directory);
    }
    EXPECT_TRUE(Wait().empty());
  }
}

TEST_P(DescriptorLimit, J01_TheHighestUsableNumber) {
  const int highest = backend().max_fd.value_or(4000);
  const ScopedFd fd = MakeEventFd();
  ScopedFd high = DuplicateFrom(fd.get(), highest);
  ASSERT_EQ(high.get(), highest);
  Watch(highest, kReadWrite, 1);
  EXPECT_TRUE(Of(Wait(), 1).write);
  Watch(highest, kRead, 2);
  EXPECT_TRUE(Wait().empty());
  Signal(fd.get());
  EXPECT_TRUE(Of(Wait(), 2).read);
  Forget(highest);
}

// select(2) leaves the remaining time in its timeout and the result in its
// sets; what is left in them must not reach the next call.
TEST_P(DescriptorLimit, J02_SetsAndTimeoutAreRebuilt) {
  const ScopedFd fd = MakeEventFd();
  Watch(fd.get(), kRead, 1);
  for (int i = 0; i < 3; ++i) {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_TRUE(Wait(5ms).empty());
    EXPECT_GE(std::chrono::steady_clock::now() - start, 5ms);
    Signal(fd.get());
    EXPECT_TRUE(Of(Wait(30s), 1).read);
    Reset(fd.get());
  }
}

INSTANTIATE_TEST_SUITE_P(Backends, DescriptorLimit, EveryBackend(), BackendOf);

}  // namespace
}  // namespace polymux
