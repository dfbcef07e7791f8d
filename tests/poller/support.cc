#include "tests/poller/support.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <span>
#include <utility>

namespace polymux {
namespace {

// Far more than anything needs, since the machine may be busy and a sanitizer
// on; a case that hangs ends by the first.
constexpr unsigned kCaseSeconds = 60;
constexpr auto kPatience = std::chrono::seconds(30);

// Returns the soft limit of descriptors after raising it to the hard one.
std::size_t RaiseDescriptorLimit() {
  rlimit limit{};
  Must(::getrlimit(RLIMIT_NOFILE, &limit));
  limit.rlim_cur = limit.rlim_max;
  Must(::setrlimit(RLIMIT_NOFILE, &limit));
  return limit.rlim_cur;
}

// The end of a ring interrupts the thread that made it some 15 ms later (see m)
// in uring_poller.cc): a wait of the next case would end early.
void AwaitEndOfRing() {
  const ScopedFd nothing(Must(::epoll_create1(EPOLL_CLOEXEC)));
  epoll_event event{};
  ::epoll_wait(nothing.get(), &event, 1, 100);
}

sockaddr_in AddressOf(int socket) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  Must(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size));
  return address;
}

void SetNoDelay(int socket) {
  const int on = 1;
  Must(::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
}

}  // namespace

int Must(int result) {
  if (result == -1) throw std::system_error(LastSystemError());
  return result;
}

ScopedFd& ScopedFd::operator=(ScopedFd&& other) noexcept {
  if (this != &other) {
    Close();
    fd_ = other.Release();
  }
  return *this;
}

int ScopedFd::Release() { return std::exchange(fd_, -1); }

void ScopedFd::Close() {
  if (fd_ != -1) ::close(Release());
}

SocketPair MakeSocketPair() {
  std::array<int, 2> fds{};
  Must(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                    fds.data()));
  SocketPair pair{ScopedFd(fds[0]), ScopedFd(fds[1])};
  const int small = 16384;
  for (const int fd : fds) {
    Must(::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)));
  }
  return pair;
}

SocketPair MakeTcpPair() {
  const ScopedFd listener = MakeListener();
  ScopedFd near = ConnectTo(listener.get());
  AwaitKernel(listener.get(), POLLIN);
  ScopedFd far(Must(::accept4(listener.get(), nullptr, nullptr,
                              SOCK_NONBLOCK | SOCK_CLOEXEC)));
  SetNoDelay(far.get());
  AwaitKernel(near.get(), POLLOUT);
  return {std::move(near), std::move(far)};
}

Pipe MakePipe() {
  std::array<int, 2> fds{};
  Must(::pipe2(fds.data(), O_NONBLOCK | O_CLOEXEC));
  Pipe pipe{ScopedFd(fds[0]), ScopedFd(fds[1])};
  Must(::fcntl(fds[1], F_SETPIPE_SZ, 1));
  return pipe;
}

ScopedFd MakeEventFd(std::uint64_t value) {
  ScopedFd fd(Must(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)));
  if (value != 0) Must(::eventfd_write(fd.get(), value));
  return fd;
}

std::vector<ScopedFd> MakeEventFds(std::size_t count) {
  std::vector<ScopedFd> fds(count);
  for (ScopedFd& fd : fds) fd = MakeEventFd();
  return fds;
}

ScopedFd MakeListener() {
  ScopedFd listener(
      Must(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Must(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address),
              sizeof(address)));
  Must(::listen(listener.get(), SOMAXCONN));
  return listener;
}

ScopedFd ConnectTo(int listener) {
  const sockaddr_in address = AddressOf(listener);
  ScopedFd fd(
      Must(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)));
  SetNoDelay(fd.get());
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address),
                sizeof(address)) == -1 &&
      errno != EINPROGRESS) {
    throw std::system_error(LastSystemError());
  }
  return fd;
}

ScopedFd DuplicateFrom(int fd, int lowest) {
  return ScopedFd(Must(::fcntl(fd, F_DUPFD_CLOEXEC, lowest)));
}

ScopedFd DuplicateAt(int fd, int number) {
  if (::fcntl(number, F_GETFD) != -1) {
    throw std::logic_error("the number is in use");
  }
  return ScopedFd(Must(::dup3(fd, number, O_CLOEXEC)));
}

void Write(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count == -1) throw std::system_error(LastSystemError());
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::string Read(int fd, std::size_t size) {
  std::string bytes(size, '\0');
  const ssize_t count = ::read(fd, bytes.data(), size);
  if (count == -1) throw std::system_error(LastSystemError());
  bytes.resize(static_cast<std::size_t>(count));
  return bytes;
}

std::size_t Drain(int fd) {
  std::array<char, 65536> scratch;
  std::size_t total = 0;
  ssize_t count = 0;
  while ((count = ::read(fd, scratch.data(), scratch.size())) > 0) {
    total += static_cast<std::size_t>(count);
  }
  if (count == -1 && errno != EAGAIN) {
    throw std::system_error(LastSystemError());
  }
  return total;
}

std::size_t Fill(int fd) {
  static constexpr std::array<char, 4096> kPage{};
  std::size_t total = 0;
  ssize_t count = 0;
  while ((count = ::write(fd, kPage.data(), kPage.size())) > 0) {
    total += static_cast<std::size_t>(count);
  }
  if (errno != EAGAIN) throw std::system_error(LastSystemError());
  return total;
}

void Signal(int eventfd) { Must(::eventfd_write(eventfd, 1)); }

void Reset(int eventfd) {
  eventfd_t value = 0;
  Must(::eventfd_read(eventfd, &value));
}

void AwaitKernel(int fd, short mask) {
  pollfd entry{.fd = fd, .events = mask, .revents = 0};
  constexpr auto kMilliseconds = milliseconds(kPatience).count();
  ASSERT_EQ(Must(::poll(&entry, 1, kMilliseconds)), 1)
      << "descriptor " << fd << " never showed " << mask;
}

std::size_t OpenDescriptors() {
  const std::filesystem::directory_iterator entries("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

Ready Of(const std::vector<Ready>& batch, Token token) {
  const auto found = std::ranges::find(batch, token, &Ready::token);
  return found == batch.end() ? Ready{.token = token} : *found;
}

std::set<Token> TokensOf(const std::vector<Ready>& batch) {
  std::set<Token> tokens;
  for (const Ready& ready : batch) {
    EXPECT_TRUE(tokens.insert(ready.token).second)
        << "token " << ready.token << " is reported twice by one Wait";
  }
  return tokens;
}

std::uint64_t CounterOf(const Poller& poller, std::string_view name) {
  for (const Counter& counter : poller.counters()) {
    if (counter.name == name) return counter.value;
  }
  ADD_FAILURE() << "no counter " << name;
  return 0;
}

void PollerTest::SetUp() {
  if (const std::string reason = backend().probe(); !reason.empty()) {
    GTEST_SKIP() << reason;
  }
  ::alarm(kCaseSeconds);
  std::signal(SIGPIPE, SIG_IGN);
  RaiseDescriptorLimit();
  open_before_ = OpenDescriptors();
  poller_ = backend().create();
}

void PollerTest::TearDown() {
  if (open_before_ == 0) return;  // the backend is unavailable
  DestroyPoller();
  if (backend().name.starts_with("uring")) AwaitEndOfRing();
  EXPECT_EQ(OpenDescriptors(), open_before_) << "the case leaks descriptors";
  ::alarm(0);
}

bool PollerTest::edge(Interest interest) const {
  return backend().trigger == Trigger::kEdge &&
         interest.mode == Interest::Mode::kNative;
}

void PollerTest::Watch(int fd, Interest interest, Token token) {
  const std::error_code error = poller_->Watch(fd, interest, token);
  EXPECT_FALSE(error) << "Watch(" << fd << "): " << error.message();
}

void PollerTest::Forget(int fd) {
  const std::error_code error = poller_->Forget(fd);
  EXPECT_FALSE(error) << "Forget(" << fd << "): " << error.message();
}

std::vector<Ready> PollerTest::Wait(nanoseconds timeout) {
  std::span<Event> events;
  const std::error_code error = poller_->Wait(timeout, &events);
  EXPECT_FALSE(error) << "Wait: " << error.message();
  std::vector<Ready> batch;
  for (Event& event : events) {
    if (const std::optional<Token> token = poller_->Resolve(event)) {
      batch.push_back(
          {*token, event.read, event.write, event.hang_up, event.urgent});
    }
  }
  return batch;
}

Ready PollerTest::WaitFor(Token token, Interest wanted) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  Ready all{.token = token};
  while ((wanted.read && !all.read) || (wanted.write && !all.write)) {
    if (std::chrono::steady_clock::now() >= deadline) {
      ADD_FAILURE() << "token " << token << " is never reported; read "
                    << all.read << ", write " << all.write;
      break;
    }
    const Ready ready = Of(Wait(milliseconds(100)), token);
    all.read |= ready.read;
    all.write |= ready.write;
    all.hang_up |= ready.hang_up;
    all.urgent |= ready.urgent;
  }
  return all;
}

bool PollerTest::FallsQuiet() {
  for (int i = 0; i < 10; ++i) {
    if (Wait().empty()) return true;
  }
  return false;
}

void PollerTest::ExpectNoSpin() {
  constexpr milliseconds kTimeout(20);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(Wait(kTimeout).empty());
  EXPECT_GE(std::chrono::steady_clock::now() - start, kTimeout);
}

std::size_t PollerTest::Room(std::size_t wanted) const {
  constexpr std::size_t kSpare = 64;
  std::size_t room = RaiseDescriptorLimit();
  if (backend().max_fd) {
    room = std::min(room, static_cast<std::size_t>(*backend().max_fd) + 1);
  }
  return std::min(wanted, room - kSpare);
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

}  // namespace polymux
