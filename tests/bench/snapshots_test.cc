#include "bench/lab/snapshots.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace polymux::bench {
namespace {

std::string Line(bool final, int main_waits, int io_waits, int reads) {
  return R"({"monotonic_ns":1,"final":)" +
         std::string(final ? "true" : "false") +
         R"(,"backend":"poll","reactors":1,)"
         R"("build":{"ndebug":true,"compiler":"cc 1","sanitizer":""},)"
         R"("system_calls":["waits","reads"],"loops":[)"
         R"({"name":"main","counters":{"waits":)" +
         std::to_string(main_waits) +
         R"(}},{"name":"io-0","counters":{"waits":)" +
         std::to_string(io_waits) + R"(,"reads":)" + std::to_string(reads) +
         R"(,"bytes_read":)" + std::to_string(10 * reads) +
         R"(}},{"name":"io-1","counters":{"bytes_read":)" +
         std::to_string(3 * reads) + "}}]}\n";
}

TEST(SnapshotsTest, TheWindowIsTheDifferenceSummedOverLoops) {
  const ServerReport report =
      ParseServerReport(Line(false, 1, 10, 5) + Line(false, 3, 110, 1005) +
                        Line(true, 9, 999, 9));
  ASSERT_TRUE(report.window);
  EXPECT_EQ(report.window->counters, (std::map<std::string, std::int64_t>{
                                         {"waits", 102},
                                         {"reads", 1000},
                                         {"bytes_read", 13'000},
                                         {kBusiestLoopBytesRead, 10'000},
                                         {kQuietestLoopBytesRead, 3'000}}));
  EXPECT_EQ(report.window->system_calls,
            (std::vector<std::string>{"waits", "reads"}));
  EXPECT_TRUE(IsOptimised(report.build));
  EXPECT_EQ(report.build.compiler, "cc 1");
}

// Without loops of their own it is the main one that serves connections.
TEST(SnapshotsTest, TheMainLoopAloneIsTheBusiest) {
  const auto line = [](bool final, int bytes) {
    return R"({"final":)" + std::string(final ? "true" : "false") +
           R"(,"build":{"ndebug":true,"compiler":"cc 1","sanitizer":""},)"
           R"("system_calls":[],"loops":[{"name":"main","counters":{)"
           R"("bytes_read":)" +
           std::to_string(bytes) + "}}]}\n";
  };
  const auto window =
      ParseServerReport(line(false, 1) + line(false, 8) + line(true, 9)).window;
  ASSERT_TRUE(window);
  EXPECT_EQ(window->counters.at(kBusiestLoopBytesRead), 7);
  EXPECT_EQ(window->counters.at(kQuietestLoopBytesRead), 7);
}

TEST(SnapshotsTest, WithoutTwoSnapshotsThereIsNoWindow) {
  EXPECT_FALSE(ParseServerReport(Line(true, 1, 1, 1)).window);
  EXPECT_FALSE(
      ParseServerReport(Line(false, 1, 1, 1) + Line(true, 1, 1, 1)).window);
}

TEST(SnapshotsTest, UnreadableIsAnError) {
  EXPECT_THROW(ParseServerReport(""), std::runtime_error);
  EXPECT_THROW(ParseServerReport(Line(false, 1, 1, 1)), std::runtime_error);
  EXPECT_THROW(ParseServerReport("{\"final\":tr"), std::runtime_error);
  EXPECT_THROW(ParseServerReport("{\"final\":true}\n"), std::runtime_error);
}

TEST(SnapshotsTest, DebugAndSanitizedBuildsAreNotOptimised) {
  EXPECT_FALSE(IsOptimised({.ndebug = false, .compiler = "", .sanitizer = ""}));
  EXPECT_FALSE(
      IsOptimised({.ndebug = true, .compiler = "", .sanitizer = "address"}));
}

}  // namespace
}  // namespace polymux::bench
