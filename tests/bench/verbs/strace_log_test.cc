#include "bench/verbs/strace_log.h"

#include <gtest/gtest.h>

namespace polymux::bench {
namespace {

using std::chrono::nanoseconds;

TEST(StraceLogTest, ReadsACall) {
  const auto calls = ParseStraceLog(
      "12 1795491439.000000001 accept4(6, {sa_family=AF_INET, sin_port=1}, "
      "[128 => 16], SOCK_CLOEXEC) = 9 <0.000015800>\n");
  ASSERT_EQ(calls.size(), 1u);
  const SystemCall& call = calls[0];
  EXPECT_EQ(call.thread, 12);
  EXPECT_EQ(call.start, nanoseconds(1795491439'000000001));
  EXPECT_EQ(call.took, nanoseconds(15800));
  EXPECT_EQ(call.name, "accept4");
  EXPECT_EQ(call.NumberAt(0), 6);
  EXPECT_EQ(call.Argument(1), "{sa_family=AF_INET, sin_port=1}");
  EXPECT_EQ(call.Argument(3), "SOCK_CLOEXEC");
  EXPECT_EQ(call.Argument(4), "");
  EXPECT_EQ(call.ResultNumber(), 9);
}

TEST(StraceLogTest, TextInQuotesIsNeitherArgumentNorResult) {
  const auto calls = ParseStraceLog(
      "1 2.5 write(1, \"a, \\\") = 7 <\", 9) = -1 EAGAIN (Resource temporarily "
      "unavailable) <0.1>\n");
  ASSERT_EQ(calls.size(), 1u);
  EXPECT_EQ(calls[0].Argument(1), "\"a, \\\") = 7 <\"");
  EXPECT_EQ(calls[0].NumberAt(2), 9);
  EXPECT_TRUE(calls[0].Failed("EAGAIN"));
  EXPECT_EQ(calls[0].took, nanoseconds(100'000'000));
}

TEST(StraceLogTest, JoinsTheHalvesOfACallThatAnotherThreadInterrupted) {
  const auto calls = ParseStraceLog(
      "1 10.0 epoll_wait(4,  <unfinished ...>\n"
      "2 11.0 gettid() = 2 <0.5>\n"
      "1 12.0 <... epoll_wait resumed>[{events=EPOLLIN}], 64, -1) = 1 <2.0>\n");
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].name, "epoll_wait");
  EXPECT_EQ(calls[0].start, std::chrono::seconds(10));
  EXPECT_EQ(calls[0].Argument(1), "[{events=EPOLLIN}]");
  EXPECT_EQ(calls[0].ResultNumber(), 1);
  EXPECT_EQ(calls[1].thread, 2);
}

TEST(StraceLogTest, ACallWithoutAnEndIsKept) {
  const auto calls = ParseStraceLog(
      "1 10.0 epoll_wait(4,  <unfinished ...>\n"
      "2 11.0 exit_group(0) = ?\n");
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_FALSE(calls[0].took);
  EXPECT_EQ(calls[1].name, "exit_group");
  EXPECT_FALSE(calls[1].took);
}

TEST(StraceLogTest, SkipsWhatIsNoCall) {
  EXPECT_TRUE(ParseStraceLog("").empty());
  EXPECT_TRUE(ParseStraceLog("1 10.0 --- SIGTERM {si_code=(1)} ---\n"
                             "1 10.0 +++ exited with 0 +++\n"
                             "strace: Process 3 attached\n"
                             "1 11.0 read(3, \"incom")
                  .empty());
}

}  // namespace
}  // namespace polymux::bench
