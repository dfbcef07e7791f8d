#include "reactor/acceptor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/reactor/support.h"

// Group G of docs/conformance.md.

namespace {

// What the next calls of accept4(2) shall fail with instead of accepting.
std::deque<int>& AcceptErrors() {
  static std::deque<int> errors;
  return errors;
}

}  // namespace

// In the place of the C library's.
extern "C" int accept4(int fd, sockaddr* address, socklen_t* size, int flags) {
  if (!AcceptErrors().empty()) {
    errno = AcceptErrors().front();
    AcceptErrors().pop_front();
    return -1;
  }
  return static_cast<int>(::syscall(SYS_accept4, fd, address, size, flags));
}

namespace polymux {
namespace {

using namespace std::chrono_literals;

class AcceptorTest : public LoopTest {
 protected:
  void SetUp() override {
    LoopTest::SetUp();
    if (!IsSkipped()) Listen();
  }

  void Listen() {
    acceptor_.emplace(
        &loop(), Socket::Listen(*InetAddress::Parse("127.0.0.1", 0), {}),
        [this](Socket socket, const InetAddress& peer) {
          OnAccept(std::move(socket), peer);
        },
        [this](std::error_code error) { errors_.push_back(error); });
    acceptor_->Start();
  }

  void TearDown() override {
    AcceptErrors().clear();
    LoopTest::TearDown();
  }

  virtual void OnAccept(Socket socket, const InetAddress& peer) {
    accepted_.push_back(std::move(socket));
    peers_.push_back(peer.ToString());
    if (on_accept_) on_accept_();
  }

  std::unique_ptr<Client> Connect() {
    return std::make_unique<Client>(acceptor_->address());
  }

  // Runs the loop for a while, as a server that has nothing else to do.
  void RunFor(Duration duration) {
    loop().RunAfter(duration, [this] { loop().Quit(); });
    Run();
  }

  std::optional<Acceptor> acceptor_;
  std::vector<Socket> accepted_;
  std::vector<std::string> peers_;
  std::vector<std::error_code> errors_;
  std::function<void()> on_accept_;
};

TEST_P(AcceptorTest, G01_HandsOnTheSocketAndItsPeer) {
  EXPECT_NE(acceptor_->address().port(), 0);
  const auto client = Connect();
  ASSERT_TRUE(StepUntil([&] { return !accepted_.empty(); }));
  EXPECT_EQ(peers_[0], InetAddress::LocalOf(client->fd()).ToString());
  EXPECT_EQ(accepted_[0].Send(std::string_view("hello")), 5);
  EXPECT_EQ(client->Receive(5), "hello");
  EXPECT_EQ(accepted_.size(), 1U);
}

TEST_P(AcceptorTest, C08_ListenerLevelTriggeredAlsoUnderEdge) {
  constexpr std::size_t kClients = 500;
  std::vector<std::unique_ptr<Client>> clients;
  for (std::size_t i = 0; i < kClients; ++i) clients.push_back(Connect());
  ASSERT_TRUE(StepUntil([&] { return accepted_.size() == kClients; }))
      << "lost " << kClients - accepted_.size();
}

TEST_P(AcceptorTest, G06_MaxAcceptsPerEvent) {
  // A descriptor that is always ready is the established connection.
  const UniqueFd fd(Must(::eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC)));
  std::vector<std::size_t> accepted_by_then;
  Channel established(
      &loop(), fd.get(),
      [&](const Event&) { accepted_by_then.push_back(accepted_.size()); },
      nullptr);
  ASSERT_FALSE(established.Watch(Interest::LevelRead()));
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 4 * Acceptor::kMaxPerEvent; ++i) {
    clients.push_back(Connect());
  }
  ASSERT_TRUE(StepUntil([&] { return accepted_.size() == clients.size(); }));
  std::size_t before = 0;
  for (const std::size_t now : accepted_by_then) {
    EXPECT_LE(now - before, static_cast<std::size_t>(Acceptor::kMaxPerEvent));
    before = now;
  }
  EXPECT_GE(accepted_by_then.size(), 4U);
  established.Forget();
}

TEST_P(AcceptorTest, G01_ImmediateClose) {
  on_accept_ = [this] { acceptor_->Stop(); };
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(Connect());
  ASSERT_TRUE(StepUntil([&] { return !accepted_.empty(); }));
  for (int i = 0; i < 3; ++i) Step();
  EXPECT_EQ(accepted_.size(), 1U) << "accepted after Stop";
  EXPECT_TRUE(errors_.empty()) << "went on with a listener that is gone";
  // The rest of the queue is reset by the kernel.
  accepted_.clear();
  for (const auto& client : clients) EXPECT_TRUE(client->SeesTheEnd());
  EXPECT_THROW(Connect(), std::system_error);
}

TEST_P(AcceptorTest, StopTwiceAndWithoutStart) {
  acceptor_->Stop();
  acceptor_->Stop();
  const Acceptor never_started(
      &loop(), Socket::Listen(*InetAddress::Parse("127.0.0.1", 0), {}),
      [](Socket, const InetAddress&) {}, [](std::error_code) {});
}

TEST_P(AcceptorTest, G05_ErrorsOfOneConnectionAreSkipped) {
  for (const int error :
       {EINTR, ECONNABORTED, EPROTO, EPERM, ENETDOWN, ENOPROTOOPT, EHOSTDOWN,
        ENONET, EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH, ETIMEDOUT}) {
    AcceptErrors() = {error, error};
    accepted_.clear();
    const auto client = Connect();
    ASSERT_TRUE(StepUntil([&] { return accepted_.size() == 1; }))
        << std::error_code(error, std::system_category()).message();
  }
  EXPECT_TRUE(errors_.empty());
  EXPECT_EQ(Count("rejected_descriptors"), 0U);
}

TEST_P(AcceptorTest, G05_WithoutMemoryTheListenerRests) {
  for (const int error : {ENOBUFS, ENOMEM}) {
    AcceptErrors() = {error};
    accepted_.clear();
    on_accept_ = [this] { loop().Quit(); };
    const std::uint64_t accepts = Count("accepts");
    const auto client = Connect();
    const TimePoint start = Clock::Monotonic().Now();
    Run();
    EXPECT_GE(Clock::Monotonic().Now() - start, Acceptor::kBackOff);
    EXPECT_EQ(accepted_.size(), 1U);
    EXPECT_LE(Count("accepts") - accepts, 3U) << "it did not rest";
  }
  EXPECT_TRUE(errors_.empty());
  EXPECT_EQ(Count("rejected_descriptors"), 2U);
}

TEST_P(AcceptorTest, G03_WhenTheSpareDoesNotHelpTheListenerRests) {
  // Somebody else took the spare's number: accepting fails a second time.
  AcceptErrors() = {EMFILE, EMFILE, ENFILE, ENFILE};
  on_accept_ = [this] { loop().Quit(); };
  const auto client = Connect();
  const TimePoint start = Clock::Monotonic().Now();
  Run();
  EXPECT_GE(Clock::Monotonic().Now() - start, 2 * Acceptor::kBackOff);
  EXPECT_EQ(accepted_.size(), 1U);
  EXPECT_LE(Count("accepts"), 6U) << "it did not rest";
  EXPECT_EQ(Count("rejected_descriptors"), 0U) << "nobody was turned away";
}

TEST_P(AcceptorTest, G05_StopWhileResting) {
  AcceptErrors() = {ENOBUFS};
  const auto client = Connect();
  ASSERT_TRUE(StepUntil([&] { return Count("rejected_descriptors") == 1; }));
  acceptor_.reset();
  RunFor(2 * Acceptor::kBackOff);
  EXPECT_TRUE(accepted_.empty());
  EXPECT_TRUE(client->SeesTheEnd());
}

TEST_P(AcceptorTest, WhatWaitsIsTakenAtStopAlsoWhileResting) {
  AcceptErrors() = {ENOMEM};
  const auto first = Connect();
  ASSERT_TRUE(StepUntil([&] { return Count("rejected_descriptors") == 1; }));
  const auto second = Connect();
  EXPECT_TRUE(accepted_.empty());
  acceptor_->AcceptQueuedAndStop();
  EXPECT_EQ(accepted_.size(), 2U);
  acceptor_.reset();
  Step();
}

TEST_P(AcceptorTest, G05_ABrokenListenerIsReportedOnce) {
  for (const int error : {EBADF, EFAULT, EINVAL, ENOTSOCK}) {
    Listen();  // with another listener
    errors_.clear();
    accepted_.clear();
    AcceptErrors() = {error};
    const auto client = Connect();
    ASSERT_TRUE(StepUntil([&] { return !errors_.empty(); }));
    const std::uint64_t accepts = Count("accepts");
    for (int i = 0; i < 5; ++i) Step();
    EXPECT_EQ(errors_.size(), 1U);
    EXPECT_EQ(errors_[0].value(), error);
    EXPECT_EQ(Count("accepts"), accepts) << "it is still accepting";
    EXPECT_TRUE(accepted_.empty());
    acceptor_.reset();
  }
}

// Lowers the soft limit so that `free` more descriptors can be opened.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(int free) {
    Must(::getrlimit(RLIMIT_NOFILE, &before_));
    rlimit low = before_;
    for (low.rlim_cur = 0; free >= 0; ++low.rlim_cur) {
      const bool open = ::fcntl(static_cast<int>(low.rlim_cur), F_GETFD) != -1;
      if (!open && free-- == 0) break;
    }
    Must(::setrlimit(RLIMIT_NOFILE, &low));
  }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;
  ~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST_P(AcceptorTest, G03_Emfile) {
  constexpr std::size_t kRoom = 3;
  // The clients' descriptors are opened before the limit, being of the same
  // process.
  std::vector<UniqueFd> sockets;
  for (int i = 0; i < 20; ++i) {
    sockets.emplace_back(
        Must(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)));
  }
  const InetAddress address = acceptor_->address();
  std::vector<Client> clients;
  const auto connect = [&] {
    Must(::connect(sockets.back().get(), address.data(), address.size()));
    clients.emplace_back(std::move(sockets.back()));
    sockets.pop_back();
  };
  const DescriptorLimit limit(kRoom);
  while (sockets.size() > 1) connect();
  const std::size_t rejected = clients.size() - kRoom;
  ASSERT_TRUE(
      StepUntil([&] { return Count("rejected_descriptors") == rejected; }));
  EXPECT_EQ(accepted_.size(), kRoom);

  // Those that were turned away know it, the others work.
  for (std::size_t i = kRoom; i < clients.size(); ++i) {
    EXPECT_TRUE(clients[i].SeesTheEnd());
  }
  for (std::size_t i = 0; i < kRoom; ++i) {
    EXPECT_EQ(accepted_[i].Send(std::string_view("x")), 1);
    EXPECT_EQ(clients[i].Receive(1), "x");
  }

  // Nobody is waiting, so the loop has nothing to do.
  const std::uint64_t waits = Count("waits");
  RunFor(300ms);
  EXPECT_LE(Count("waits") - waits, 20U) << "a busy loop";

  // And when a descriptor is free again, the next client is served.
  accepted_.pop_back();
  connect();
  ASSERT_TRUE(StepUntil([&] { return accepted_.size() == kRoom; }));
  EXPECT_TRUE(errors_.empty());
}

INSTANTIATE_TEST_SUITE_P(Backends, AcceptorTest, EveryBackend(), BackendOf);

}  // namespace
}  // namespace polymux
