#include "tests/reactor/support.h"

#include <dirent.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace polymux {
namespace {

// The result of `call` when no signal interrupts it. The end of an io_uring
// interrupts its thread a little later, and a socket's call with a timeout is
// then not restarted.
template <typename Call>
ssize_t Retried(Call call) {
  ssize_t result = 0;
  do {
    result = call();
  } while (result == -1 && errno == EINTR);
  return result;
}

constexpr std::size_t kChunk = std::size_t{64} * 1024;

void SetOption(int fd, int option, int value) {
  Must(::setsockopt(fd, SOL_SOCKET, option, &value, sizeof(value)));
}

// Each blocking call on the socket fails with EAGAIN after kPatience.
UniqueFd Patient(UniqueFd fd) {
  const timeval patience{.tv_sec = kPatience.count(), .tv_usec = 0};
  for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    Must(::setsockopt(fd.get(), SOL_SOCKET, option, &patience,
                      sizeof(patience)));
  }
  return fd;
}

UniqueFd Connect(const InetAddress& address, int buffer_bytes) {
  UniqueFd fd(Must(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0)));
  if (buffer_bytes > 0) {
    SetOption(fd.get(), SO_RCVBUF, buffer_bytes);
    SetOption(fd.get(), SO_SNDBUF, buffer_bytes);
  }
  const int one = 1;
  Must(::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)));
  fd = Patient(std::move(fd));
  Must(static_cast<int>(Retried([&] {
    return ssize_t{::connect(fd.get(), address.data(), address.size())};
  })));
  return fd;
}

}  // namespace

int Must(int result) {
  if (result == -1) throw std::system_error(LastSystemError());
  return result;
}

std::size_t OpenDescriptors() {
  DIR* const directory = ::opendir("/proc/self/fd");
  std::size_t entries = 0;
  while (::readdir(directory) != nullptr) ++entries;
  ::closedir(directory);
  return entries - 3;  // ".", "..", and the directory's own
}

bool Eventually(const std::function<bool()>& condition) {
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

std::string Pattern(std::size_t size) {
  // Eight bytes at a time: a sanitizer makes each step dear. A full-period
  // generator, so that no stretch looks like another.
  std::string bytes(size + sizeof(std::uint64_t), '\0');
  std::uint64_t state = 1;
  for (std::size_t at = 0; at < size; at += sizeof(state)) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    const std::uint64_t word = state ^ state >> 32;
    std::memcpy(&bytes[at], &word, sizeof(word));
  }
  bytes.resize(size);
  return bytes;
}

std::uint64_t CounterOf(const std::vector<Counter>& counters,
                        std::string_view name) {
  const auto found = std::ranges::find(counters, name, &Counter::name);
  if (found == counters.end()) throw std::out_of_range(std::string(name));
  return found->value;
}

Client::Client(const InetAddress& address, int buffer_bytes)
    : fd_(Connect(address, buffer_bytes)) {}

Client::Client(UniqueFd fd) : fd_(Patient(std::move(fd))) {}

void Client::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count =
        ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count == -1) throw std::system_error(LastSystemError(), "Send");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::string Client::Receive(std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t have = 0;
  while (have < count) {
    const ssize_t got = Retried(
        [&] { return ::recv(fd_.get(), &bytes[have], count - have, 0); });
    if (got == -1) throw std::system_error(LastSystemError(), "Receive");
    if (got == 0) {
      throw std::runtime_error("end of stream after " + std::to_string(have) +
                               " of " + std::to_string(count) + " bytes");
    }
    have += static_cast<std::size_t>(got);
  }
  return bytes;
}

std::string Client::ReceiveToEnd() {
  std::string bytes;
  std::vector<char> chunk(kChunk);
  for (;;) {
    const ssize_t got = Retried(
        [&] { return ::recv(fd_.get(), chunk.data(), chunk.size(), 0); });
    if (got == -1) throw std::system_error(LastSystemError(), "ReceiveToEnd");
    if (got == 0) return bytes;
    bytes.append(chunk.data(), static_cast<std::size_t>(got));
  }
}

void Client::Echo(std::string_view bytes) {
  Send(bytes);
  const std::string reply = Receive(bytes.size());
  // Not EXPECT_EQ, which would print the bytes.
  EXPECT_TRUE(reply == bytes) << "another echo than what was sent";
}

bool Client::SeesTheEnd() {
  std::vector<char> chunk(kChunk);
  ssize_t got = 0;
  do {
    got = Retried(
        [&] { return ::recv(fd_.get(), chunk.data(), chunk.size(), 0); });
  } while (got > 0);
  return got == 0 || errno == ECONNRESET;
}

std::size_t Client::SendSome(std::string_view bytes) {
  const ssize_t count = ::send(fd_.get(), bytes.data(), bytes.size(),
                               MSG_NOSIGNAL | MSG_DONTWAIT);
  if (count >= 0) return static_cast<std::size_t>(count);
  if (errno == EAGAIN) return 0;
  throw std::system_error(LastSystemError(), "SendSome");
}

std::string Client::ReceiveSome() {
  std::string bytes;
  std::vector<char> chunk(kChunk);
  for (;;) {
    const ssize_t got =
        ::recv(fd_.get(), chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (got == -1 && errno != EAGAIN) {
      throw std::system_error(LastSystemError(), "ReceiveSome");
    }
    if (got <= 0) return bytes;
    bytes.append(chunk.data(), static_cast<std::size_t>(got));
  }
}

void Client::ShutdownWrite() { Must(::shutdown(fd_.get(), SHUT_WR)); }

void Client::Reset() {
  const linger reset{.l_onoff = 1, .l_linger = 0};
  Must(::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)));
  Close();
}

Pair MakeTcpPair() {
  const Socket listener =
      Socket::Listen(*InetAddress::Parse("127.0.0.1", 0), {});
  Client far(InetAddress::LocalOf(listener.fd()));
  // A connection is in the queue a moment after its client's connect returns.
  pollfd ready{.fd = listener.fd(), .events = POLLIN, .revents = 0};
  Must(::poll(&ready, 1, -1));
  InetAddress peer;
  Socket near = listener.Accept(&peer);
  Must(near.fd());
  return {.near = std::move(near), .far = std::move(far)};
}

Pair MakeUnixPair(int send_buffer) {
  std::array<int, 2> ends{};
  Must(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()));
  Socket near{UniqueFd(ends[0])};
  Client far{UniqueFd(ends[1])};
  Must(::fcntl(near.fd(), F_SETFL, O_NONBLOCK));
  SetOption(near.fd(), SO_SNDBUF, send_buffer);
  SetOption(far.fd(), SO_SNDBUF, send_buffer);
  return {.near = std::move(near), .far = std::move(far)};
}

BackendTest::BackendTest() : open_before_(OpenDescriptors()) {}

BackendTest::~BackendTest() {
  EXPECT_EQ(OpenDescriptors(), open_before_) << "descriptors leaked";
}

void BackendTest::SetUp() {
  // Twice what the case's own steps wait for before they fail by themselves.
  ::alarm(2 * static_cast<unsigned>(kPatience.count()));
  if (const std::string reason = backend().probe(); !reason.empty()) {
    GTEST_SKIP() << backend().name << ": " << reason;
  }
}

void BackendTest::TearDown() { ::alarm(0); }

void LoopTest::SetUp() {
  BackendTest::SetUp();
  if (!IsSkipped()) loop_.emplace(backend(), clock_);
}

const Clock& ClockWithoutStalls() {
  class Stepped final : public Clock {
   public:
    TimePoint Now() const override {
      const TimePoint real = Monotonic().Now();
      now_ += std::min<Duration>(real - last_, std::chrono::milliseconds(10));
      last_ = real;
      return now_;
    }

   private:
    mutable TimePoint last_ = Monotonic().Now();
    mutable TimePoint now_ = last_;
  };
  static const Stepped clock;
  return clock;
}

void LoopTest::Step() {
  loop_->Quit();
  const std::error_code error = loop_->Run();
  ASSERT_FALSE(error) << error.message();
}

bool LoopTest::StepUntil(const std::function<bool()>& condition) {
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    Step();
  }
  return true;
}

void LoopTest::Run() {
  bool late = false;
  const TimerId patience = loop_->RunAfter(kPatience, [this, &late] {
    late = true;
    loop_->Quit();
  });
  const std::error_code error = loop_->Run();
  loop_->Cancel(patience);
  ASSERT_FALSE(error) << error.message();
  ASSERT_FALSE(late) << "nothing has ended the loop";
}

std::vector<std::string> BackendNameList() {
  std::vector<std::string> names;
  for (const Backend& backend : Backends()) names.emplace_back(backend.name);
  return names;
}

std::string BackendOf(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::ranges::replace(name, '-', '_');
  return name;
}

TcpServer::Options EchoOptions(int reactors) {
  TcpServer::Options options;
  options.address = *InetAddress::Parse("127.0.0.1", 0);
  options.reactors = reactors;
  options.connection.callbacks.on_message = [](Connection& connection,
                                               Buffer& input) {
    connection.Send(input.view());
    input.Clear();
  };
  options.on_error = [](const std::string& what, std::error_code error) {
    ADD_FAILURE() << what << " failed: " << error.message();
  };
  return options;
}

ServerThread::ServerThread(const Backend& backend,
                           const TcpServer::Options& options) {
  const auto started = std::make_shared<std::promise<void>>();
  thread_ = std::thread([this, &backend, &options, started] {
    EventLoop loop(backend);
    std::optional<TcpServer> server;
    try {
      server.emplace(&loop, options);
      server->Start();
      address_ = server->address();
      loop_ = &loop;
      server_ = &server;
    } catch (...) {
      started->set_exception(std::current_exception());
      return;
    }
    started->set_value();
    loop.Run();
  });
  try {
    started->get_future().get();
  } catch (...) {
    thread_.join();
    throw;
  }
}

ServerThread::~ServerThread() {
  loop_->Quit();
  thread_.join();
}

void ServerThread::Run(const std::function<void()>& function) {
  // Shared, since a promise may not die before its set_value has returned.
  const auto done = std::make_shared<std::promise<void>>();
  loop_->QueueInLoop([&function, done] {
    function();
    done->set_value();
  });
  done->get_future().get();
}

void ServerThread::DestroyServer() {
  Run([this] { ResetServer(); });
  // Descriptors are closed at the end of the iteration, hence before the next.
  Run([] {});
}

void ServerThread::Stop() {
  const auto stopped = std::make_shared<std::promise<void>>();
  loop_->QueueInLoop(
      [this, stopped] { server().Stop([stopped] { stopped->set_value(); }); });
  stopped->get_future().get();
}

std::vector<TcpServer::LoopReport> ServerThread::Reports() {
  using Reports = std::vector<TcpServer::LoopReport>;
  const auto collected = std::make_shared<std::promise<Reports>>();
  loop_->QueueInLoop([this, collected] {
    server().CollectCounters(
        [collected](const Reports& reports) { collected->set_value(reports); });
  });
  return collected->get_future().get();
}

std::uint64_t ServerThread::Count(std::string_view counter) {
  std::uint64_t total = 0;
  for (const TcpServer::LoopReport& report : Reports()) {
    total += CounterOf(report.counters, counter);
  }
  return total;
}

}  // namespace polymux
