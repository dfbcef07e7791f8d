#include "bench/verbs/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace polymux::bench {
namespace {

using std::chrono::seconds;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

Recording Sample() {
  return {
      .calls = ParseStraceLog(
          "1 1.0 socket(AF_INET, SOCK_STREAM, 0) = 7 <0.1>\n"
          "1 2.0 listen(7, 10) = 0 <0.1>\n"
          "1 9.0 epoll_wait(4, [{events=EPOLLIN, data={u32=7}}], 9, -1) = 1 "
          "<1.5>\n"
          "1 11.0 accept4(7, NULL, NULL, 0) = 8 <0.000002>\n"
          "1 13.0 read(8, \"hello\", 100) = 5 <0.1>\n"
          "1 14.0 write(8, \"hello\", 5) = 5 <0.1>\n"
          "1 19.0 epoll_wait(4, [{events=EPOLLIN, data={u32=6}}], 9, -1) = 1 "
          "<5.0>\n"
          "1 25.0 exit(0) = 0 <0.1>\n"),
      .steps = {{.time = seconds(10), .text = "connects"},
                {.time = seconds(12), .text = "sends 5 bytes"},
                {.time = seconds(15), .text = "has the reply"},
                {.time = seconds(16), .text = "closes"}},
      .end = seconds(20)};
}

TEST(TimelineTest, ShowsTheCallsBetweenConnectAndEnd) {
  const std::string text = RenderTimeline("epoll-lt", Sample());
  EXPECT_THAT(text, HasSubstr("on epoll-lt: 5 system calls in all, 2 of them"));
  EXPECT_THAT(text, Not(HasSubstr("listen(")));
  EXPECT_THAT(text, Not(HasSubstr("exit(")));
  EXPECT_THAT(text, ContainsRegex("1000000.0 +2.0  accept4"));
  EXPECT_THAT(text, HasSubstr("fd 8 (the connection)"));
  EXPECT_LT(text.find("accept4"), text.find("sends 5 bytes"));
  EXPECT_LT(text.find("sends 5 bytes"), text.find("write(8"));
  EXPECT_LT(text.find("write(8"), text.find("has the reply"));
}

TEST(TimelineTest, AWaitThatOutlivesTheClientSleeps) {
  const std::string text = RenderTimeline("epoll-lt", Sample());
  EXPECT_THAT(text,
              ContainsRegex("9000000.0 +sleeps  epoll_wait.4, ..., 9, -1"));
  EXPECT_THAT(text, Not(HasSubstr("u32=6")));
}

// On uring-* the thread of the probe, which is gone before the request.
TEST(TimelineTest, AThreadThatEndedBeforeTheRequestIsNotShown) {
  Recording recording = Sample();
  recording.calls.insert(recording.calls.begin() + 2, {.thread = 2,
                                                       .start = seconds(5),
                                                       .took = std::nullopt,
                                                       .name = "exit",
                                                       .arguments = "0"});
  EXPECT_EQ(RenderTimeline("uring-lt", recording),
            RenderTimeline("uring-lt", Sample()));
}

TEST(TimelineTest, AThreadThatEndsMeanwhileIsShown) {
  Recording recording = Sample();
  recording.calls.insert(recording.calls.end() - 1, {.thread = 2,
                                                     .start = seconds(18),
                                                     .took = std::nullopt,
                                                     .name = "exit",
                                                     .arguments = "0"});
  EXPECT_THAT(RenderTimeline("raw-threads", recording), HasSubstr("exit(0)"));
}

TEST(TimelineTest, MarksTheTimesAsDistorted) {
  EXPECT_THAT(RenderTimeline("poll", Sample()), HasSubstr("distorted"));
}

TEST(TimelineTest, ShowsWhatTheServerCounted) {
  Recording recording = Sample();
  recording.counters = CounterWindow{.counters = {{"reads", 2}, {"tasks", 0}},
                                     .system_calls = {}};
  const std::string text = RenderTimeline("poll", recording);
  EXPECT_THAT(text, HasSubstr("reads 2"));
  EXPECT_THAT(text, Not(HasSubstr("tasks")));
}

TEST(TimelineTest, ThreadsAreNamedWhenThereAreSeveral) {
  EXPECT_THAT(RenderTimeline("poll", Sample()), Not(HasSubstr("main")));
  Recording recording = Sample();
  recording.calls.push_back({.thread = 2,
                             .start = seconds(17),
                             .took = seconds(1),
                             .name = "gettid"});
  EXPECT_THAT(RenderTimeline("poll", recording), HasSubstr("main"));
}

TEST(TimelineTest, Fits80Columns) {
  std::istringstream lines(RenderTimeline("epoll-lt", Sample()));
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 80u) << line;
  }
}

}  // namespace
}  // namespace polymux::bench
