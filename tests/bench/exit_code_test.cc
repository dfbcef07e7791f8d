#include "bench/lab/exit_code.h"

#include <gtest/gtest.h>

#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/lab/interrupt.h"
#include "bench/lab/usage_error.h"

namespace polymux::bench {
namespace {

// What is told; the exit code too.
std::string Told(const std::function<int()>& work, int exit_code) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(ExitCodeOf("polymux verb", work), exit_code);
  return testing::internal::GetCapturedStderr();
}

TEST(ExitCodeTest, IsThatOfTheWork) {
  EXPECT_EQ(Told([] { return kExitCondition; }, 4), "");
}

TEST(ExitCodeTest, OfWhatIsThrown) {
  EXPECT_EQ(Told([]() -> int { throw Interrupted(); }, 130), "");
  EXPECT_EQ(Told([]() -> int { throw UsageError("no such arm"); }, 2),
            "polymux verb: no such arm\n");
  EXPECT_EQ(Told([]() -> int { throw std::runtime_error("bad luck"); }, 1),
            "polymux verb: bad luck\n");
}

TEST(ExitCodeTest, TheWordsOfALibraryAreNotShown) {
  EXPECT_EQ(Told([]() -> int { throw std::bad_alloc(); }, 1),
            "polymux verb: out of memory\n");
  const auto reserve = [] {
    std::vector<int> all;
    all.reserve(all.max_size() + 1);
    return kExitOk;
  };
  EXPECT_EQ(Told(reserve, 1), "polymux verb: out of memory\n");
}

TEST(ExitCodeTest, TextOfOthersIsShownAsItIs) {
  EXPECT_EQ(Told([]() -> int { throw UsageError("\x1b[2Jname"); }, 2),
            "polymux verb: \\x1b[2Jname\n");
}

}  // namespace
}  // namespace polymux::bench
