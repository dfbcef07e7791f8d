#include "reactor/connector.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/reactor/support.h"

namespace {

// Whether the next connect(2) is made to reach itself: the kernel does that by
// chance, when it picks the port that is asked for as the socket's own.
bool& ReachItself() {
  static bool value = false;
  return value;
}

}  // namespace

// In the place of the C library's.
extern "C" int connect(int fd, const sockaddr* address, socklen_t size) {
  if (std::exchange(ReachItself(), false)) ::bind(fd, address, size);
  return static_cast<int>(::syscall(SYS_connect, fd, address, size));
}

namespace polymux {
namespace {

using namespace std::chrono_literals;

class ManualClock : public Clock {
 public:
  TimePoint Now() const override { return now_; }
  void Advance(Duration duration) { now_ += duration; }

 private:
  TimePoint now_{1h};
};

// An address of 127.0.0.1 that nobody listens on, and nobody can while this
// lives.
class ClosedPort {
 public:
  ClosedPort() {
    const InetAddress any = *InetAddress::Parse("127.0.0.1", 0);
    Must(::bind(socket_.get(), any.data(), any.size()));
  }
  InetAddress address() const { return InetAddress::LocalOf(socket_.get()); }

 private:
  UniqueFd socket_{Must(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))};
};

// A listener whose queue is full: the kernel answers no further SYN.
class DeafListener {
 public:
  DeafListener()
      : listener_(Socket::Listen(*InetAddress::Parse("127.0.0.1", 0),
                                 {.backlog = 0})),
        only_guest_(address()) {}
  InetAddress address() const { return InetAddress::LocalOf(listener_.fd()); }

 private:
  Socket listener_;
  Client only_guest_;
};

class ConnectorTest : public LoopTest {
 protected:
  ConnectorTest() : LoopTest(ClockWithoutStalls()) {}

  struct Failure {
    std::error_code error;
    std::optional<Duration> pause;
  };

  void MakeConnector(const InetAddress& peer,
                     const Connector::Options& options) {
    connector_ = std::make_unique<Connector>(
        &loop(), peer, options,
        [this](Socket socket) {
          socket_ = std::move(socket);
          if (on_connected_) on_connected_();
        },
        [this](std::error_code error, std::optional<Duration> pause) {
          failures_.push_back({error, pause});
          if (on_failed_) on_failed_();
        });
  }
  bool Failed(std::size_t times = 1) {
    return StepUntil([&] { return failures_.size() >= times; });
  }

  std::unique_ptr<Connector> connector_;
  std::function<void()> on_connected_;
  std::function<void()> on_failed_;
  Socket socket_;
  std::vector<Failure> failures_;
};

INSTANTIATE_TEST_SUITE_P(Backends, ConnectorTest, EveryBackend(), BackendOf);

TEST_P(ConnectorTest, HandsOverTheConnectedSocket) {
  const Socket listener =
      Socket::Listen(*InetAddress::Parse("127.0.0.1", 0), {});
  MakeConnector(InetAddress::LocalOf(listener.fd()), {});
  EXPECT_FALSE(connector_->active());
  connector_->Start();
  EXPECT_TRUE(connector_->active());
  ASSERT_TRUE(StepUntil([&] { return static_cast<bool>(socket_); }));
  EXPECT_FALSE(connector_->active());
  EXPECT_TRUE(failures_.empty());

  InetAddress peer;
  Client far(listener.Accept(&peer).TakeFd());
  EXPECT_EQ(peer.ToString(), InetAddress::LocalOf(socket_.fd()).ToString());
  EXPECT_EQ(socket_.Send(std::string("hello")), 5);
  EXPECT_EQ(far.Receive(5), "hello");
}

TEST_P(ConnectorTest, ClosedPortIsRefused) {
  const ClosedPort port;
  MakeConnector(port.address(), {.retry = false});
  connector_->Start();
  ASSERT_TRUE(Failed());
  EXPECT_EQ(failures_[0].error, std::errc::connection_refused);
  EXPECT_FALSE(failures_[0].pause);
  EXPECT_FALSE(connector_->active());
  EXPECT_FALSE(socket_);
}

TEST_P(ConnectorTest, SilenceIsATimeout) {
  const DeafListener listener;
  MakeConnector(listener.address(), {.timeout = 20ms, .retry = false});
  const auto start = std::chrono::steady_clock::now();
  connector_->Start();
  ASSERT_TRUE(Failed());
  EXPECT_GE(std::chrono::steady_clock::now() - start, 20ms);
  EXPECT_EQ(failures_[0].error, std::errc::timed_out);
}

TEST_P(ConnectorTest, ASocketThatReachesItselfIsRefused) {
  // Not bound as well, unlike ClosedPort: the socket itself must have it.
  const InetAddress address = [] { return ClosedPort().address(); }();
  MakeConnector(address, {.retry = false});
  ReachItself() = true;
  connector_->Start();
  ASSERT_TRUE(Failed());
  EXPECT_EQ(failures_[0].error, std::errc::connection_refused);
  EXPECT_FALSE(socket_);
}

TEST_P(ConnectorTest, AnAddressThatCannotBeReachedAtAllFails) {
  // connect(2) itself fails: a broadcast address takes a permission.
  MakeConnector(*InetAddress::Parse("255.255.255.255", 9), {.retry = false});
  connector_->Start();
  EXPECT_TRUE(failures_.empty()) << "called from within Start";
  ASSERT_TRUE(Failed());
  EXPECT_TRUE(failures_[0].error);
}

TEST_P(ConnectorTest, RetriesUntilSomebodyListens) {
  std::optional<ClosedPort> port(std::in_place);
  const InetAddress address = port->address();
  MakeConnector(address, {.first_pause = 1ms, .max_pause = 1ms});
  connector_->Start();
  ASSERT_TRUE(Failed(3));
  port.reset();
  const Socket listener = Socket::Listen(address, {});
  EXPECT_TRUE(StepUntil([&] { return static_cast<bool>(socket_); }));
}

TEST_P(ConnectorTest, CanBeStoppedWhileConnecting) {
  const DeafListener listener;
  MakeConnector(listener.address(), {.timeout = 100ms});
  connector_->Start();
  const std::size_t before = OpenDescriptors();
  ASSERT_TRUE(StepUntil([&] { return OpenDescriptors() > before; }));
  connector_->Stop();
  EXPECT_FALSE(connector_->active());
  Step();
  EXPECT_EQ(OpenDescriptors(), before);
  bool later = false;
  loop().RunAfter(150ms, [&later] { later = true; });
  ASSERT_TRUE(StepUntil([&] { return later; }));
  EXPECT_TRUE(failures_.empty());
}

TEST_P(ConnectorTest, CanBeStoppedInThePause) {
  const ClosedPort port;
  MakeConnector(port.address(), {.first_pause = 1ms});
  on_failed_ = [this] { connector_->Stop(); };
  connector_->Start();
  ASSERT_TRUE(Failed());
  bool later = false;
  loop().RunAfter(20ms, [&later] { later = true; });
  ASSERT_TRUE(StepUntil([&] { return later; }));
  EXPECT_EQ(failures_.size(), 1U);
}

TEST_P(ConnectorTest, CanBeDestroyedWhileConnectingAndByItsCallbacks) {
  const DeafListener deaf;
  MakeConnector(deaf.address(), {});
  connector_->Start();
  const std::size_t before = OpenDescriptors();
  ASSERT_TRUE(StepUntil([&] { return OpenDescriptors() > before; }));
  connector_.reset();
  Step();

  const ClosedPort port;
  MakeConnector(port.address(), {});
  on_failed_ = [this] { connector_.reset(); };
  connector_->Start();
  ASSERT_TRUE(Failed());
  Step();

  const Socket listener =
      Socket::Listen(*InetAddress::Parse("127.0.0.1", 0), {});
  MakeConnector(InetAddress::LocalOf(listener.fd()), {});
  on_connected_ = [this] { connector_.reset(); };
  connector_->Start();
  ASSERT_TRUE(StepUntil([&] { return static_cast<bool>(socket_); }));
  Step();
}

// By a clock that the test sets, so the pauses are exact.
class ConnectorPauses : public BackendTest {
 protected:
  void SetUp() override {
    BackendTest::SetUp();
    if (!IsSkipped()) loop_.emplace(backend(), clock_);
  }

  // Lets everything that is due by now happen.
  void Settle() {
    bool settled = false;
    // The second timer waits until a refusal has been told.
    loop_->RunAfter(0ns, [&] { loop_->QueueInLoop([&] { settled = true; }); });
    while (!settled) {
      loop_->Quit();
      ASSERT_FALSE(loop_->Run());
    }
  }

  ManualClock clock_;
  std::optional<EventLoop> loop_;
};

INSTANTIATE_TEST_SUITE_P(Backends, ConnectorPauses, EveryBackend(), BackendOf);

TEST_P(ConnectorPauses, DoubleUpToTheirLimitAndBeginAnewWithStart) {
  const ClosedPort port;
  std::vector<std::pair<TimePoint, Duration>> failures;
  Connector connector(
      &*loop_, port.address(), {.first_pause = 1s, .max_pause = 5s},
      [](Socket) { ADD_FAILURE() << "connected to nobody"; },
      [&](std::error_code, std::optional<Duration> pause) {
        failures.emplace_back(clock_.Now(), pause.value());
      });
  connector.Start();
  const auto tries = [&](std::size_t count) {
    for (int i = 0; i < 10 && failures.size() < count; ++i) Settle();
    return failures.size();
  };
  std::size_t count = 1;
  ASSERT_EQ(tries(1), 1U);
  for (const Duration pause : {1s, 2s, 4s, 5s, 5s}) {
    EXPECT_EQ(failures.back().second, pause);
    clock_.Advance(pause - 1ns);
    Settle();
    Settle();
    EXPECT_EQ(failures.size(), count) << "early";
    clock_.Advance(1ns);
    ++count;
    ASSERT_EQ(tries(count), count);
    EXPECT_EQ(failures.back().first, clock_.Now());
  }
  connector.Start();
  ++count;
  ASSERT_EQ(tries(count), count);
  EXPECT_EQ(failures.back().second, 1s);
}

}  // namespace
}  // namespace polymux
