#include "bench/load/run_load.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include <chrono>
#include <string>
#include <thread>

#include "bench/load/clock.h"
#include "reactor/resolve_host.h"
#include "tests/bench/fault_server.h"

namespace polymux::bench {
namespace {

using std::chrono::milliseconds;

// A short run; the stall limit is long against scheduling delays and short
// against patience.
LoadShape SmallShape() {
  LoadShape shape;
  shape.connections = 10;
  shape.size = 64;
  shape.warm_up = milliseconds(20);
  shape.duration = milliseconds(200);
  shape.stall_limit = milliseconds(1500);
  return shape;
}

class RunLoadTest : public testing::Test {
 protected:
  LoadResult Run(const FaultServer& server, const LoadShape& shape) {
    const InetAddress target =
        ResolveHost(ParseHostPort(server.address()).value()).addresses.at(0);
    return RunLoad(target, shape, nullptr, false, stop_.get());
  }

  // Runs `shape` against a server that goes wrong.
  LoadErrors ErrorsOf(Fault fault, const LoadShape& shape) {
    FaultServer server({.message_size = shape.size, .fault = fault});
    const LoadResult result = Run(server, shape);
    EXPECT_FALSE(result.stopped);
    return result.errors;
  }

  UniqueFd stop_{eventfd(0, EFD_CLOEXEC)};
};

// Every message that the server saw is a greeting, inside the window, or one
// of the few around its edges.
void ExpectCountsAgree(const LoadShape& shape, const LoadResult& result,
                       const FaultServer& server) {
  const std::uint64_t all = shape.connections + shape.idle;
  const std::uint64_t at_edge = shape.connections * shape.depth;
  EXPECT_EQ(server.accepted(), all);
  EXPECT_GT(result.messages(), 0U);
  EXPECT_LE(result.messages() + all, server.messages());
  EXPECT_GE(result.messages() + all + 2 * at_edge, server.messages());
}

TEST_F(RunLoadTest, CountsWhatTheServerEchoed) {
  LoadShape shape = SmallShape();
  shape.warm_up = milliseconds(0);
  shape.idle = 25;
  FaultServer server({.message_size = shape.size});
  const LoadResult result = Run(server, shape);
  server.Stop();
  EXPECT_FALSE(result.errors.Any()) << result.errors.first;
  ExpectCountsAgree(shape, result, server);
}

TEST_F(RunLoadTest, WindowIsAsLongAsAskedAndCostsCpu) {
  const LoadShape shape = SmallShape();
  const FaultServer server({.message_size = shape.size});
  const std::int64_t begin = MonotonicNs();
  const WindowReading window = Run(server, shape).window;
  EXPECT_GE(MonotonicNs() - begin, (shape.warm_up + shape.duration).count());
  // The machine may stall before the first reading.
  EXPECT_GE(window.window_ns, shape.duration.count() / 2);
  EXPECT_GT(window.load_cpu_ns, 0);
  EXPECT_FALSE(window.observed);
}

TEST_F(RunLoadTest, LatencyIsThatOfTheMessages) {
  LoadShape shape = SmallShape();
  shape.connections = 1;
  const FaultServer server({.message_size = shape.size});
  const LoadResult result = Run(server, shape);
  // One after the other: their latencies fill the window, nearly.
  const auto median = result.latency.ValueAtQuantile(0.5);
  ASSERT_TRUE(median);
  EXPECT_LE(*median * (result.messages() / 2),
            static_cast<std::uint64_t>(result.window.window_ns));
  EXPECT_GT(*median, 1000U);
}

struct Traffic {
  const char* name;
  std::size_t connections;
  std::size_t idle;
  std::size_t size;
  std::size_t depth;
  std::size_t threads;
};

class TrafficTest : public RunLoadTest,
                    public testing::WithParamInterface<Traffic> {};

TEST_P(TrafficTest, ComesBackWhole) {
  LoadShape shape = SmallShape();
  shape.warm_up = milliseconds(0);
  shape.connections = GetParam().connections;
  shape.idle = GetParam().idle;
  shape.size = GetParam().size;
  shape.depth = GetParam().depth;
  shape.threads = GetParam().threads;
  shape.stall_limit = std::chrono::seconds(20);
  FaultServer server({.message_size = shape.size});
  const LoadResult result = Run(server, shape);
  server.Stop();
  EXPECT_FALSE(result.errors.Any()) << result.errors.first;
  ExpectCountsAgree(shape, result, server);
}

INSTANTIATE_TEST_SUITE_P(
    , TrafficTest,
    testing::Values(Traffic{"OneByte", 5, 0, 1, 1, 1},
                    Traffic{"OneByteDeep", 5, 0, 1, 64, 1},
                    Traffic{"Deep", 20, 0, 100, 64, 1},
                    Traffic{"Window", 4, 0, 65536, 2, 1},
                    Traffic{"Period", 4, 0, 65537, 3, 1},
                    Traffic{"Mebibyte", 3, 0, 1 << 20, 1, 1},
                    Traffic{"MebibyteDeep", 2, 1, 1 << 20, 4, 1},
                    Traffic{"ManyConnections", 150, 250, 64, 1, 1},
                    Traffic{"Threads", 10, 7, 64, 2, 3},
                    Traffic{"MoreThreadsThanConnections", 2, 0, 64, 1, 4}),
    [](const auto& test) { return test.param.name; });

TEST_F(RunLoadTest, IdleAloneStaysSilent) {
  LoadShape shape = SmallShape();
  shape.connections = 0;
  shape.idle = 20;
  // Silence is no stall when nothing is on the way.
  shape.duration = milliseconds(1200);
  shape.stall_limit = milliseconds(800);
  FaultServer server({.message_size = shape.size});
  const LoadResult result = Run(server, shape);
  server.Stop();
  EXPECT_FALSE(result.errors.Any()) << result.errors.first;
  EXPECT_EQ(result.messages(), 0U);
  EXPECT_EQ(server.messages(), 20U);
}

TEST_F(RunLoadTest, Ipv6) {
  const LoadShape shape = SmallShape();
  const FaultServer server({.message_size = shape.size, .ipv6 = true});
  const LoadResult result = Run(server, shape);
  EXPECT_FALSE(result.errors.Any()) << result.errors.first;
  EXPECT_GT(result.messages(), 0U);
}

TEST_F(RunLoadTest, NoticesACorruptByte) {
  const LoadErrors errors = ErrorsOf(Fault::kCorruptByte, SmallShape());
  EXPECT_EQ(errors.mismatch, 1U);
  EXPECT_NE(errors.first.find("came back wrong"), std::string::npos)
      << errors.first;
}

TEST_F(RunLoadTest, NoticesADroppedByte) {
  // The rest of that message is missing for good, or the next bytes are wrong.
  LoadShape shape = SmallShape();
  EXPECT_EQ(ErrorsOf(Fault::kDropByte, shape).mismatch, 1U);
  shape.size = 1;
  EXPECT_EQ(ErrorsOf(Fault::kDropByte, shape).short_echo, 1U);
}

TEST_F(RunLoadTest, NoticesALostMessage) {
  LoadShape shape = SmallShape();
  const LoadErrors alone = ErrorsOf(Fault::kDropMessage, shape);
  EXPECT_EQ(alone.short_echo, 1U);
  EXPECT_NE(alone.first.find("no echo for 1500 ms, 64 bytes are missing"),
            std::string::npos)
      << alone.first;
  shape.depth = 4;
  EXPECT_EQ(ErrorsOf(Fault::kDropMessage, shape).mismatch, 1U);
}

TEST_F(RunLoadTest, NoticesADoubledMessage) {
  LoadShape shape = SmallShape();
  EXPECT_EQ(ErrorsOf(Fault::kDoubleMessage, shape).mismatch, 1U);
  shape.depth = 4;
  EXPECT_EQ(ErrorsOf(Fault::kDoubleMessage, shape).mismatch, 1U);
}

TEST_F(RunLoadTest, NoticesSwappedMessages) {
  LoadShape shape = SmallShape();
  shape.depth = 4;
  EXPECT_EQ(ErrorsOf(Fault::kSwapMessages, shape).mismatch, 1U);
}

TEST_F(RunLoadTest, NoticesAnotherConnectionsEcho) {
  EXPECT_EQ(ErrorsOf(Fault::kCrossEchoes, SmallShape()).mismatch, 2U);
}

TEST_F(RunLoadTest, NoticesDataOnIdleConnections) {
  LoadShape shape = SmallShape();
  shape.connections = 1;
  shape.idle = 5;
  const LoadErrors errors = ErrorsOf(Fault::kChatter, shape);
  EXPECT_EQ(errors.mismatch, 6U);
}

TEST_F(RunLoadTest, NoticesClosedConnections) {
  const LoadErrors closed = ErrorsOf(Fault::kClose, SmallShape());
  EXPECT_EQ(closed.closed, 1U);
  EXPECT_NE(closed.first.find("closed by the server, 64 bytes not echoed"),
            std::string::npos)
      << closed.first;
  EXPECT_EQ(ErrorsOf(Fault::kReset, SmallShape()).closed, 1U);
}

TEST_F(RunLoadTest, NoticesAnEchoThatStopsHalfway) {
  const LoadErrors errors = ErrorsOf(Fault::kCloseHalfway, SmallShape());
  EXPECT_EQ(errors.short_echo, 1U);
  EXPECT_NE(errors.first.find("after 32 of 64 bytes"), std::string::npos)
      << errors.first;
}

TEST_F(RunLoadTest, NoticesAStallBeforeTheWindowEnds) {
  LoadShape shape = SmallShape();
  shape.duration = std::chrono::seconds(60);
  shape.stall_limit = milliseconds(300);
  const std::int64_t begin = MonotonicNs();
  EXPECT_EQ(ErrorsOf(Fault::kStall, shape).short_echo, 10U);
  EXPECT_LT(MonotonicNs() - begin, 30'000'000'000);
}

TEST_F(RunLoadTest, NoticesAServerThatNeverAnswers) {
  const LoadShape shape = SmallShape();
  FaultServer server({.message_size = shape.size,
                      .fault = Fault::kStall,
                      .healthy_messages = 3});
  const LoadErrors errors = Run(server, shape).errors;
  EXPECT_EQ(errors.short_echo, 7U);
}

TEST_F(RunLoadTest, EndsEarlyWhenNoConnectionIsLeft) {
  LoadShape shape = SmallShape();
  shape.connections = 1;
  shape.duration = std::chrono::seconds(60);
  const std::int64_t begin = MonotonicNs();
  EXPECT_EQ(ErrorsOf(Fault::kClose, shape).closed, 1U);
  EXPECT_LT(MonotonicNs() - begin, 30'000'000'000);
}

TEST_F(RunLoadTest, TellsThatNobodyListens) {
  std::string address = FaultServer({}).address();  // gone already
  const InetAddress target =
      ResolveHost(ParseHostPort(address).value()).addresses.at(0);
  const LoadResult result =
      RunLoad(target, SmallShape(), nullptr, false, stop_.get());
  EXPECT_GT(result.errors.connect, 0U);
  EXPECT_EQ(result.errors.first,
            "connection 0: " + address + ": Connection refused");
}

TEST_F(RunLoadTest, StopsWhenToldTo) {
  LoadShape shape = SmallShape();
  shape.duration = std::chrono::seconds(60);
  shape.threads = 2;
  const FaultServer server({.message_size = shape.size});
  std::thread stopper([this] {
    std::this_thread::sleep_for(milliseconds(100));
    eventfd_write(stop_.get(), 1);
  });
  const std::int64_t begin = MonotonicNs();
  const LoadResult result = Run(server, shape);
  EXPECT_TRUE(result.stopped);
  EXPECT_FALSE(result.errors.Any());
  EXPECT_LT(MonotonicNs() - begin, 30'000'000'000);
  stopper.join();
}

}  // namespace
}  // namespace polymux::bench
