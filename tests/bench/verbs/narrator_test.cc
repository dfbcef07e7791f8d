#include "bench/verbs/narrator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace polymux::bench {
namespace {

using testing::HasSubstr;
using testing::Not;

SystemCall Call(const std::string& text) {
  const auto calls = ParseStraceLog("1 2.0 " + text + " <0.1>\n");
  EXPECT_EQ(calls.size(), 1u) << text;
  return calls.empty() ? SystemCall() : calls[0];
}

class NarratorTest : public testing::Test {
 protected:
  NarratorTest() {
    for (const char* text :
         {"eventfd2(0, EFD_NONBLOCK) = 3", "timerfd_create(CLOCK) = 5",
          "socket(AF_INET, SOCK_STREAM, 0) = 7", "listen(7, 4096) = 0",
          "accept4(7, NULL, NULL, 0) = 9"}) {
      narrator_.Observe(Call(text));
    }
  }

  std::string Explain(const std::string& text) const {
    return narrator_.Explain(Call(text));
  }

  Narrator narrator_;
};

TEST_F(NarratorTest, KnowsWhatADescriptorIs) {
  EXPECT_EQ(narrator_.DescribeDescriptor(7), "fd 7 (the listener)");
  EXPECT_EQ(narrator_.DescribeDescriptor(9), "fd 9 (the connection)");
  EXPECT_EQ(narrator_.DescribeDescriptor(8), "fd 8");
  narrator_.Observe(Call("close(9) = 0"));
  EXPECT_EQ(narrator_.DescribeDescriptor(9), "fd 9");
}

TEST_F(NarratorTest, TheSameReadMeansDifferentThings) {
  EXPECT_THAT(Explain("read(9, \"ab\", 100) = 2"),
              HasSubstr("takes 2 bytes from fd 9 (the connection)"));
  EXPECT_THAT(Explain("read(9, \"\", 100) = 0"), HasSubstr("has closed"));
  EXPECT_THAT(Explain("read(9, 0x1, 100) = -1 EAGAIN (again)"),
              HasSubstr("nothing more"));
  EXPECT_THAT(Explain("read(3, \"1\", 8) = 8"), HasSubstr("wake-up"));
  EXPECT_THAT(Explain("read(5, \"1\", 8) = 8"), HasSubstr("timer"));
}

TEST_F(NarratorTest, NamesTheTrigger) {
  EXPECT_THAT(
      Explain("epoll_ctl(4, EPOLL_CTL_ADD, 9, {events=EPOLLIN|EPOLLET}) = 0"),
      HasSubstr("edge-triggered"));
  EXPECT_THAT(Explain("epoll_ctl(4, EPOLL_CTL_ADD, 9, {events=EPOLLIN}) = 0"),
              HasSubstr("level-triggered"));
}

TEST_F(NarratorTest, SaysWhatAWaitCostsAndBrings) {
  EXPECT_THAT(Explain("poll([{fd=3, events=1}, {fd=9, events=1}], 2, -1) = 1"),
              HasSubstr("2 descriptors"));
  EXPECT_THAT(Explain("pselect6(10, [3 9], [], NULL, NULL, NULL) = 1 (in [9])"),
              HasSubstr("up to fd 9"));
  EXPECT_THAT(Explain("epoll_wait(4, [{events=EPOLLIN, data={u32=7, u64=9}}, "
                      "{events=EPOLLIN|EPOLLOUT|EPOLLRDHUP, data={u32=9, "
                      "u64=4294967305}}], 64, -1) = 2"),
              HasSubstr("2 are ready: fd 7 (the listener) to read, fd 9 (the "
                        "connection) to read and write; the client has closed "
                        "its side"));
}

TEST_F(NarratorTest, OneRingCallSubmitsAndWaits) {
  const std::string both = Explain(
      "io_uring_enter(4, 2, 1, IORING_ENTER_GETEVENTS|IORING_ENTER_EXT_ARG, "
      "0x1, 24) = 2");
  EXPECT_THAT(both, HasSubstr("submits 2 requests"));
  EXPECT_THAT(both, HasSubstr("waits for 1 result"));
  EXPECT_THAT(Explain("io_uring_enter(4, 1, 0, 0, NULL, 8) = 1"),
              HasSubstr("does not wait"));
}

TEST_F(NarratorTest, HasAWordForEveryCall) {
  EXPECT_THAT(Explain("some_future_call(1) = 0"), Not(testing::IsEmpty()));
}

TEST_F(NarratorTest, NamesThreads) {
  EXPECT_EQ(narrator_.ThreadName(1), "main");
  for (const char* line : {"8 3.0 prctl(PR_SET_NAME, \"io-0\") = 0 <0.1>\n",
                           "9 3.0 gettid() = 9 <0.1>\n"}) {
    narrator_.Observe(ParseStraceLog(line).at(0));
  }
  EXPECT_EQ(narrator_.ThreadName(8), "io-0");
  EXPECT_EQ(narrator_.ThreadName(9), "thread-2");
}

}  // namespace
}  // namespace polymux::bench
