// The kinds of traffic of `polymux load` against servers that are right and
// servers that go wrong. run_load_test.cc has the closed loop.

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/types.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "bench/lab/process.h"
#include "bench/load/clock.h"
#include "bench/load/histogram.h"
#include "bench/load/run_load.h"
#include "reactor/resolve_host.h"
#include "tests/bench/fault_server.h"

namespace polymux::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

LoadShape SmallShape() {
  LoadShape shape;
  shape.connections = 10;
  shape.size = 64;
  shape.warm_up = milliseconds(50);
  shape.duration = milliseconds(200);
  // Long against what a busy machine makes one wait.
  shape.stall_limit = milliseconds(1500);
  return shape;
}

LoadShape OpenLoopShape(double rate) {
  LoadShape shape = SmallShape();
  shape.rate = rate;
  return shape;
}

LoadShape ChurnShape(std::size_t messages) {
  LoadShape shape = SmallShape();
  shape.messages_per_connection = messages;
  return shape;
}

LoadShape BurstShape() {
  LoadShape shape = SmallShape();
  shape.burst = true;
  return shape;
}

LoadShape FanOutShape() {
  LoadShape shape = SmallShape();
  shape.fan_out = true;
  return shape;
}

// A server in a process of its own, which can be stopped.
class RawEpollProcess {
 public:
  RawEpollProcess()
      : process_(
            {.command = {"bench/peers/peer", "raw-epoll", "--port", "0"}}) {
    const auto deadline = std::chrono::steady_clock::now() + seconds(20);
    const std::string line = process_.ReadLine(deadline).value_or("");
    const auto begin = line.find(' ') + 1;
    address_ = line.substr(begin, line.find(' ', begin) - begin);
  }

  const std::string& address() const { return address_; }
  pid_t pid() const { return process_.pid(); }

 private:
  Process process_;
  std::string address_;
};

class TrafficTest : public testing::Test {
 protected:
  LoadResult Run(const std::string& address, const LoadShape& shape) {
    const InetAddress target =
        ResolveHost(ParseHostPort(address).value()).addresses.at(0);
    return RunLoad(target, shape, nullptr, false, stop_.get());
  }

  LoadErrors ErrorsOf(Fault fault, const LoadShape& shape) {
    const FaultServer server({.message_size = shape.size, .fault = fault});
    return Run(server.address(), shape).errors;
  }

  UniqueFd stop_{eventfd(0, EFD_CLOEXEC)};
};

// Whether one of many attempts succeeds: for what a machine that is busy spoils
// now and then, and what never is where the program is wrong.
bool SomeAttempt(const std::function<bool()>& attempt) {
  for (int i = 0; i < 30; ++i) {
    if (attempt()) return true;
  }
  return false;
}

// The greeting of each connection comes before the traffic.
std::uint64_t Greetings(const LoadShape& shape) {
  return shape.connections + shape.idle;
}

TEST_F(TrafficTest, OpenLoopSendsWhatIsDue) {
  LoadShape shape = OpenLoopShape(2000);
  shape.idle = 5;
  FaultServer server({.message_size = shape.size});
  const LoadResult result = Run(server.address(), shape);
  server.Stop();
  EXPECT_FALSE(result.errors.Any()) << result.errors.first;
  // 0.05 s of warm-up and 0.2 s of window, to the message.
  EXPECT_EQ(server.messages() - Greetings(shape), 500U);
  EXPECT_EQ(result.due, 400U);
  EXPECT_EQ(result.latency.count(), 400U);
  EXPECT_EQ(result.service.count(), 400U);
  EXPECT_EQ(result.send_lag.count(), 400U);
  // A message is completed in the window, or just after.
  EXPECT_GT(result.messages(), 0U);
  EXPECT_LE(result.messages(), 500U);
}

TEST_F(TrafficTest, OpenLoopTakesItsTime) {
  const LoadShape shape = OpenLoopShape(100);
  const FaultServer server({.message_size = shape.size});
  const std::int64_t begin = MonotonicNs();
  const LoadResult result = Run(server.address(), shape);
  // 0.05 s of warm-up and 0.2 s of window, though the last message is due
  // earlier. The window's reading is shorter if the machine stalls before it.
  EXPECT_GE(MonotonicNs() - begin, 250'000'000);
  EXPECT_GE(result.window.window_ns, 100'000'000);
  EXPECT_EQ(result.latency.count(), 20U);
}

TEST_F(TrafficTest, OpenLoopThatDoesNotSpinCostsLess) {
  LoadShape shape = OpenLoopShape(50);
  shape.arrivals = Arrivals::kConstant;
  shape.duration = milliseconds(400);
  const RawEpollProcess server;
  const auto cost = [&](milliseconds ahead) {
    shape.awake_ahead = ahead;
    const LoadResult result = Run(server.address(), shape);
    EXPECT_FALSE(result.errors.Any()) << result.errors.first;
    return result.window.load_cpu_ns;
  };
  // Half of the time, or what others leave of it, against some microseconds for
  // each message.
  EXPECT_LT(cost(milliseconds(0)), cost(milliseconds(10)));
}

TEST_F(TrafficTest, HalvesAreCutInTheMiddle) {
  LoadShape shape = OpenLoopShape(1000);
  shape.arrivals = Arrivals::kConstant;
  shape.duration = milliseconds(400);
  shape.threads = 2;
  const FaultServer server({.message_size = shape.size});
  // 200 each, if the machine lets us; cut elsewhere it never is.
  EXPECT_TRUE(SomeAttempt([&] {
    const LoadResult result = Run(server.address(), shape);
    EXPECT_FALSE(result.errors.Any()) << result.errors.first;
    return result.half_messages[0] >= 150 && result.half_messages[1] >= 150;
  }));
}

TEST_F(TrafficTest, OpenLoopConstantWithThreads) {
  LoadShape shape = OpenLoopShape(1000);
  shape.arrivals = Arrivals::kConstant;
  shape.threads = 3;
  FaultServer server({.message_size = shape.size});
  const LoadResult result = Run(server.address(), shape);
  server.Stop();
  EXPECT_FALSE(result.errors.Any()) << result.errors.first;
  EXPECT_EQ(result.due, 200U);
  EXPECT_EQ(server.messages(), 250 + Greetings(shape));
}

// Less than one message for each thread.
TEST_F(TrafficTest, OpenLoopIsSlowerThanItsThreadsAreMany) {
  for (const Arrivals arrivals : {Arrivals::kConstant, Arrivals::kPoisson}) {
    LoadShape shape = OpenLoopShape(50);
    shape.arrivals = arrivals;
    shape.connections = shape.threads = 16;
    FaultServer server({.message_size = shape.size});
    const LoadResult result = Run(server.address(), shape);
    EXPECT_FALSE(result.errors.Any()) << result.errors.first;
    EXPECT_EQ(result.due, 10U);
    EXPECT_EQ(result.latency.count(), 10U);
  }
}

TEST_F(TrafficTest, OpenLoopWithoutActiveConnectionsInAThread) {
  LoadShape shape = OpenLoopShape(500);
  shape.connections = 2;
  shape.idle = 2;
  shape.threads = 4;
  const FaultServer server({.message_size = shape.size});
  const LoadResult result = Run(server.address(), shape);
  EXPECT_FALSE(result.errors.Any()) << result.errors.first;
  EXPECT_EQ(result.due, 100U);
}

// More than the server can take: it comes back late, and all of it.
TEST_F(TrafficTest, OpenLoopDoesNotWaitForTheServer) {
  LoadShape shape = OpenLoopShape(200);
  shape.connections = 2;
  shape.size = 1 << 20;
  shape.duration = milliseconds(200);
  shape.warm_up = milliseconds(0);
  shape.stall_limit = seconds(20);
  const FaultServer server({.message_size = shape.size});
  const LoadResult result = Run(server.address(), shape);
  EXPECT_FALSE(result.errors.Any()) << result.errors.first;
  EXPECT_EQ(result.latency.count(), 40U);
}

// A closed loop meets the pause with ten messages, an open loop with all that
// were due meanwhile.
TEST_F(TrafficTest, StoppedServerShowsInThePercentilesOfAnOpenLoop) {
  const RawEpollProcess server;
  LoadShape shape = OpenLoopShape(2000);
  shape.duration = milliseconds(800);
  // The machine may keep the stopper until the end.
  EXPECT_TRUE(SomeAttempt([&] {
    std::thread stopper([&] {
      std::this_thread::sleep_for(milliseconds(300));
      kill(server.pid(), SIGSTOP);
      std::this_thread::sleep_for(milliseconds(100));
      kill(server.pid(), SIGCONT);
    });
    const LoadResult result = Run(server.address(), shape);
    stopper.join();
    EXPECT_FALSE(result.errors.Any()) << result.errors.first;
    EXPECT_EQ(result.latency.count(), 1600U);
    // 200 of 1600 messages were due while it was stopped; those of the first
    // half of that waited 50 ms and more.
    return result.latency.ValueAtQuantile(0.99).value_or(0) >= 50'000'000U &&
           result.latency.max() >= 90'000'000U;
  }));
}

double SumOf(const Histogram& times) {
  double sum = 0;
  for (const auto& bucket : times.Buckets()) {
    sum +=
        static_cast<double>(bucket.upper) * static_cast<double>(bucket.count);
  }
  return sum;
}

// 60 MiB are due while the server is stopped, more than the sockets hold: what
// does not fit is sent later, and its latency counts from when it was due.
TEST_F(TrafficTest, OpenLoopCountsTheWaitForAFullSocket) {
  const RawEpollProcess server;
  LoadShape shape = OpenLoopShape(200);
  shape.connections = 1;
  shape.size = 1 << 20;
  shape.warm_up = milliseconds(0);
  shape.duration = milliseconds(500);
  shape.stall_limit = seconds(20);
  std::thread stopper([&] {
    std::this_thread::sleep_for(milliseconds(100));
    kill(server.pid(), SIGSTOP);
    std::this_thread::sleep_for(milliseconds(300));
    kill(server.pid(), SIGCONT);
  });
  const LoadResult result = Run(server.address(), shape);
  stopper.join();
  EXPECT_FALSE(result.errors.Any()) << result.errors.first;
  EXPECT_EQ(result.latency.count(), 100U);
  EXPECT_GE(result.send_lag.max(), 50'000'000U);
  EXPECT_GE(result.latency.max(), 250'000'000U);
  // Buckets are exact to 1/128.
  const double parts = SumOf(result.service) + SumOf(result.send_lag);
  EXPECT_NEAR(SumOf(result.latency), parts, parts / 50);
}

TEST_F(TrafficTest, ClosedLoopHidesAStoppedServer) {
  const RawEpollProcess server;
  LoadShape shape = SmallShape();
  shape.duration = milliseconds(800);
  // The machine may stop it once more.
  EXPECT_TRUE(SomeAttempt([&] {
    std::thread stopper([&] {
      std::this_thread::sleep_for(milliseconds(300));
      kill(server.pid(), SIGSTOP);
      std::this_thread::sleep_for(milliseconds(100));
      kill(server.pid(), SIGCONT);
    });
    const LoadResult result = Run(server.address(), shape);
    stopper.join();
    EXPECT_GE(result.latency.max(), 90'000'000U);
    std::uint64_t slow = 0;
    for (const auto& bucket : result.latency.Buckets()) {
      if (bucket.upper >= 90'000'000U) slow += bucket.count;
    }
    return slow <= shape.connections;
  }));
}

TEST_F(TrafficTest, OpenLoopTooManyOnTheWayIsAnError) {
  LoadShape shape = OpenLoopShape(2000);
  shape.max_backlog = 50;  // five for each
  const FaultServer server({.message_size = shape.size,
                            .fault = Fault::kStall,
                            .healthy_messages = 100});
  const LoadResult result = Run(server.address(), shape);
  EXPECT_EQ(result.errors.backlog, 10U) << result.errors.first;
  EXPECT_NE(result.errors.first.find("too many messages are on the way"),
            std::string::npos);
}

TEST_F(TrafficTest, OpenLoopNoticesFaults) {
  const LoadShape shape = OpenLoopShape(2000);
  EXPECT_EQ(ErrorsOf(Fault::kCorruptByte, shape).mismatch, 1U);
  EXPECT_EQ(ErrorsOf(Fault::kClose, shape).closed, 1U);
  EXPECT_EQ(ErrorsOf(Fault::kCrossEchoes, shape).mismatch, 2U);
}

TEST_F(TrafficTest, OpenLoopNoticesAStallBeforeTheWindowEnds) {
  LoadShape shape = OpenLoopShape(500);
  shape.duration = seconds(60);
  shape.stall_limit = milliseconds(300);
  const std::int64_t begin = MonotonicNs();
  EXPECT_EQ(ErrorsOf(Fault::kStall, shape).short_echo, 10U);
  EXPECT_LT(MonotonicNs() - begin, 30'000'000'000);
}

// A second between two messages is no stall.
TEST_F(TrafficTest, OpenLoopPausesAreNoStall) {
  LoadShape shape = OpenLoopShape(1);
  shape.arrivals = Arrivals::kConstant;
  shape.duration = milliseconds(1200);
  shape.stall_limit = milliseconds(800);
  const FaultServer server({.message_size = shape.size});
  const LoadResult result = Run(server.address(), shape);
  EXPECT_FALSE(result.errors.Any()) << result.errors.first;
}

TEST_F(TrafficTest, ChurnReplacesConnections) {
  const LoadShape shape = ChurnShape(5);
  FaultServer server({.message_size = shape.size});
  const LoadResult result = Run(server.address(), shape);
  server.Stop();
  EXPECT_FALSE(result.errors.Any()) << result.errors.first;
  EXPECT_GT(result.connections_opened(), 0U);
  EXPECT_LE(result.connections_opened() + shape.connections, server.accepted());
  // Five for each, but for the ten that the end of the window cut short.
  const std::uint64_t lives = server.accepted();
  EXPECT_LE(server.messages(), 5 * lives + Greetings(shape));
  EXPECT_GE(server.messages(), 5 * (lives - shape.connections));
  EXPECT_EQ(result.latency.count(), result.messages());
  EXPECT_GT(result.connect.max(), 1000U);
}

TEST_F(TrafficTest, ChurnOfSingleMessagesWithThreadsAndIdle) {
  LoadShape shape = ChurnShape(1);
  shape.threads = 2;
  shape.idle = 6;
  FaultServer server({.message_size = shape.size});
  const LoadResult result = Run(server.address(), shape);
  server.Stop();
  EXPECT_FALSE(result.errors.Any()) << result.errors.first;
  EXPECT_GT(result.messages(), 0U);
  EXPECT_GE(server.accepted(), result.messages());
}

TEST_F(TrafficTest, ChurnKeepsTheDepth) {
  LoadShape shape = ChurnShape(7);
  shape.depth = 3;
  FaultServer server({.message_size = shape.size});
  const LoadResult result = Run(server.address(), shape);
  server.Stop();
  EXPECT_FALSE(result.errors.Any()) << result.errors.first;
  EXPECT_GT(result.connections_opened(), 0U);
  EXPECT_LE(server.messages(), 7 * server.accepted() + Greetings(shape));
}

TEST_F(TrafficTest, ChurnNoticesFaults) {
  const LoadShape shape = ChurnShape(5);
  EXPECT_EQ(ErrorsOf(Fault::kCorruptByte, shape).mismatch, 1U);
  EXPECT_EQ(ErrorsOf(Fault::kReset, shape).closed, 1U);
  EXPECT_EQ(ErrorsOf(Fault::kDropMessage, shape).short_echo, 1U);
}

// Doubled is the last message of a connection: it comes when the end is due.
TEST_F(TrafficTest, ChurnNoticesDataInsteadOfTheEnd) {
  EXPECT_EQ(ErrorsOf(Fault::kDoubleMessage, ChurnShape(1)).mismatch, 1U);
}

TEST_F(TrafficTest, ChurnNoticesAServerThatDoesNotClose) {
  LoadShape shape = ChurnShape(2);
  shape.duration = seconds(60);
  const FaultServer server({.message_size = shape.size,
                            .fault = Fault::kIgnoreEnd,
                            .healthy_messages = 0});
  const LoadErrors errors = Run(server.address(), shape).errors;
  EXPECT_EQ(errors.short_echo, 10U);
  EXPECT_NE(errors.first.find("not closed for 1500 ms"), std::string::npos)
      << errors.first;
}

TEST_F(TrafficTest, BurstSendsInRounds) {
  const LoadShape shape = BurstShape();
  FaultServer server({.message_size = shape.size, .watch_lead = true});
  const LoadResult result = Run(server.address(), shape);
  server.Stop();
  EXPECT_FALSE(result.errors.Any()) << result.errors.first;
  EXPECT_GT(result.messages(), 0U);
  // Whole rounds only.
  EXPECT_EQ((server.messages() - Greetings(shape)) % shape.connections, 0U);
  EXPECT_EQ(server.lead(), 1U);
}

// Nobody gets the next message before the last has its echo.
TEST_F(TrafficTest, BurstWaitsForTheLast) {
  const LoadShape shape = BurstShape();
  FaultServer server({.message_size = shape.size,
                      .fault = Fault::kDropMessage,
                      .healthy_messages = 25});
  const LoadResult result = Run(server.address(), shape);
  server.Stop();
  EXPECT_EQ(result.errors.short_echo, 1U);
  EXPECT_EQ(server.messages(), 30U);
}

TEST_F(TrafficTest, BurstNoticesFaults) {
  EXPECT_EQ(ErrorsOf(Fault::kCorruptByte, BurstShape()).mismatch, 1U);
  EXPECT_EQ(ErrorsOf(Fault::kClose, BurstShape()).closed, 1U);
}

// The server reads on for the others although two do not read.
TEST_F(TrafficTest, SlowReadersAreServedCompletelyAndNotCounted) {
  const RawEpollProcess server;
  LoadShape shape = SmallShape();
  shape.slow_readers = 2;
  shape.stall_limit = seconds(20);
  const LoadResult result = Run(server.address(), shape);
  EXPECT_FALSE(result.errors.Any()) << result.errors.first;
  EXPECT_GT(result.messages(), 0U);
  EXPECT_EQ(result.latency.count(), result.messages());
}

// Far more than they read in that time: 1 KiB every 10 ms.
TEST_F(TrafficTest, SlowReadersSendAllTheyCan) {
  LoadShape shape = SmallShape();
  shape.connections = 0;
  shape.idle = 1;
  shape.slow_readers = 1;
  shape.stall_limit = seconds(20);
  FaultServer server({.message_size = shape.size});
  const LoadResult result = Run(server.address(), shape);
  server.Stop();
  EXPECT_FALSE(result.errors.Any()) << result.errors.first;
  EXPECT_GT(server.messages() * shape.size, 200'000U);
  EXPECT_EQ(result.messages(), 0U);
}

TEST_F(TrafficTest, SlowReadersBesideAnOpenLoop) {
  const RawEpollProcess server;
  LoadShape shape = OpenLoopShape(1000);
  shape.slow_readers = 3;
  shape.stall_limit = seconds(20);
  const LoadResult result = Run(server.address(), shape);
  EXPECT_FALSE(result.errors.Any()) << result.errors.first;
  EXPECT_EQ(result.latency.count(), 200U);
}

// A server that waits for one who does not read serves nobody meanwhile.
TEST_F(TrafficTest, SlowReadersShowAServerThatWaitsForThem) {
  LoadShape shape = SmallShape();
  shape.slow_readers = 1;
  shape.duration = seconds(2);  // the buffers on the way fill first
  shape.stall_limit = milliseconds(200);
  const FaultServer server({.message_size = shape.size});  // blocking sends
  const LoadResult result = Run(server.address(), shape);
  const auto max = result.latency.max().value_or(0);
  EXPECT_TRUE(result.errors.short_echo != 0 || max > 100'000'000U) << max;
}

TEST_F(TrafficTest, SlowReadersNoticeFaults) {
  LoadShape shape = SmallShape();
  shape.connections = 0;
  shape.idle = 1;
  shape.slow_readers = 1;
  EXPECT_EQ(ErrorsOf(Fault::kCorruptByte, shape).mismatch, 1U);
  EXPECT_EQ(ErrorsOf(Fault::kReset, shape).closed, 1U);
  EXPECT_EQ(ErrorsOf(Fault::kStall, shape).short_echo, 1U);
}

// The fault lies behind what a slow reader reads before the end.
TEST_F(TrafficTest, SlowReadersReadToTheEnd) {
  LoadShape shape = SmallShape();
  shape.connections = 0;
  shape.idle = 1;
  shape.slow_readers = 1;
  const FaultServer server({.message_size = shape.size,
                            .fault = Fault::kDropByte,
                            .healthy_messages = 1500});
  EXPECT_EQ(Run(server.address(), shape).errors.mismatch, 1U);
}

TEST_F(TrafficTest, SlowReadersTellThatNobodyListens) {
  const std::string address = FaultServer({}).address();  // gone already
  LoadShape shape = SmallShape();
  shape.connections = 0;
  shape.slow_readers = 1;
  const LoadErrors errors = Run(address, shape).errors;
  EXPECT_EQ(errors.connect, 1U);
  EXPECT_EQ(errors.first, "slow reader 0: " + address + ": Connection refused");
}

TEST_F(TrafficTest, FanOutCountsEveryReceiver) {
  for (const std::size_t connections : {1U, 2U, 50U}) {
    LoadShape shape = FanOutShape();
    shape.connections = connections;
    FaultServer server({.message_size = shape.size, .fan_out = true});
    const LoadResult result = Run(server.address(), shape);
    server.Stop();
    EXPECT_FALSE(result.errors.Any()) << result.errors.first;
    EXPECT_EQ(server.accepted(), connections);
    EXPECT_GT(result.messages(), 0U);
    EXPECT_EQ(result.latency.count(), result.messages());
    // What the server read, in the warm-up too, is what one has sent.
    EXPECT_LE(result.messages(), server.messages() * connections);
  }
}

// When the last of ten receives nothing more, the others still receive as many
// messages as are on the way, and then nothing.
TEST_F(TrafficTest, FanOutKeepsTheDepth) {
  for (const std::size_t depth : {1U, 3U}) {
    LoadShape shape = FanOutShape();
    shape.depth = depth;
    shape.warm_up = milliseconds(0);
    shape.duration = seconds(60);
    const FaultServer server(
        {.message_size = shape.size, .fault = Fault::kStall, .fan_out = true});
    const LoadResult result = Run(server.address(), shape);
    EXPECT_EQ(result.errors.short_echo, 1U) << result.errors.first;
    EXPECT_EQ(result.latency.count() % 10, 10 - depth);
  }
}

// With one connection that is an echo, so this server will do.
TEST_F(TrafficTest, FanOutOfMessagesThatFillTheSockets) {
  LoadShape shape = FanOutShape();
  shape.connections = 1;
  shape.size = 32 << 20;
  shape.duration = seconds(1);
  shape.stall_limit = seconds(20);
  const RawEpollProcess server;
  const LoadResult result = Run(server.address(), shape);
  EXPECT_FALSE(result.errors.Any()) << result.errors.first;
  EXPECT_GT(result.messages(), 0U);
}

TEST_F(TrafficTest, FanOutNoticesFaults) {
  const LoadShape shape = FanOutShape();
  const auto errors_of = [&](Fault fault) {
    const FaultServer server(
        {.message_size = shape.size, .fault = fault, .fan_out = true});
    return Run(server.address(), shape).errors;
  };
  EXPECT_EQ(errors_of(Fault::kCorruptByte).mismatch, 1U);
  EXPECT_EQ(errors_of(Fault::kDropByte).mismatch, 1U);
  EXPECT_EQ(errors_of(Fault::kClose).closed, 1U);
  EXPECT_EQ(errors_of(Fault::kReset).closed, 1U);
  EXPECT_EQ(errors_of(Fault::kDropMessage).short_echo, 1U);
  const LoadErrors doubled = errors_of(Fault::kDoubleMessage);
  EXPECT_EQ(doubled.mismatch, 1U) << doubled.first;
}

// In the opening: the very first bytes.
TEST_F(TrafficTest, FanOutNoticesFaultsInTheOpening) {
  LoadShape shape = FanOutShape();
  shape.connections = 3;
  const FaultServer server({.message_size = shape.size,
                            .fault = Fault::kDoubleMessage,
                            .healthy_messages = 0,
                            .fan_out = true});
  const LoadErrors errors = Run(server.address(), shape).errors;
  EXPECT_EQ(errors.mismatch, 1U);
  EXPECT_NE(errors.first.find("something else than connection 0 sent"),
            std::string::npos)
      << errors.first;
}

TEST_F(TrafficTest, FanOutTellsThatTheServerEchoes) {
  const LoadShape shape = FanOutShape();
  const RawEpollProcess server;
  const LoadErrors errors = Run(server.address(), shape).errors;
  EXPECT_EQ(errors.short_echo, 9U);
  EXPECT_NE(errors.first.find("does the server send to all what one sends?"),
            std::string::npos)
      << errors.first;
}

class StopTest : public TrafficTest,
                 public testing::WithParamInterface<LoadShape> {};

TEST_P(StopTest, StopsWhenToldTo) {
  LoadShape shape = GetParam();
  shape.duration = seconds(60);
  if (!shape.fan_out) shape.slow_readers = 1;
  // A fan-out is stopped in its opening, for this server echoes.
  const RawEpollProcess server;
  std::thread stopper([this] {
    std::this_thread::sleep_for(milliseconds(200));
    eventfd_write(stop_.get(), 1);
  });
  const std::int64_t begin = MonotonicNs();
  const LoadResult result = Run(server.address(), shape);
  stopper.join();
  EXPECT_TRUE(result.stopped);
  EXPECT_FALSE(result.errors.Any()) << result.errors.first;
  EXPECT_LT(MonotonicNs() - begin, 30'000'000'000);
}

INSTANTIATE_TEST_SUITE_P(, StopTest,
                         testing::Values(OpenLoopShape(1000), ChurnShape(3),
                                         BurstShape(), FanOutShape()),
                         [](const auto& test) {
                           const LoadShape& shape = test.param;
                           return shape.rate      ? "OpenLoop"
                                  : shape.burst   ? "Burst"
                                  : shape.fan_out ? "FanOut"
                                                  : "Churn";
                         });

}  // namespace
}  // namespace polymux::bench
