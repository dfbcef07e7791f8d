#ifndef POLYMUX_TESTS_POLLER_SUPPORT_H_
#define POLYMUX_TESTS_POLLER_SUPPORT_H_

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "poller/backends.h"
#include "poller/poller.h"

// What the suites in this directory share: descriptors to watch, and a fixture
// that runs each case on each backend of Backends().

namespace polymux {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

inline constexpr Interest kRead{.read = true};
inline constexpr Interest kWrite{.write = true};
inline constexpr Interest kReadWrite{.read = true, .write = true};

// The same interest, level-triggered on every backend.
constexpr Interest Level(Interest interest) {
  interest.mode = Interest::Mode::kLevel;
  return interest;
}

// Returns `result`, of a system call, when it is not -1; throws
// std::system_error otherwise, which fails the test.
int Must(int result);

// Owns a descriptor.
class ScopedFd {
 public:
  ScopedFd() = default;
  explicit ScopedFd(int fd) : fd_(fd) {}
  ScopedFd(ScopedFd&& other) noexcept : fd_(other.Release()) {}
  ScopedFd& operator=(ScopedFd&& other) noexcept;
  ~ScopedFd() { Close(); }

  int get() const { return fd_; }
  int Release();
  void Close();

 private:
  int fd_ = -1;
};

// Every descriptor made here is non-blocking and close-on-exec.

struct SocketPair {
  ScopedFd near;  // the one that is watched
  ScopedFd far;
};

struct Pipe {
  ScopedFd reader;
  ScopedFd writer;
};

// Unix stream sockets with small send buffers.
SocketPair MakeSocketPair();
// TCP over loopback, without Nagle's delay.
SocketPair MakeTcpPair();
// With a capacity of one page.
Pipe MakePipe();
ScopedFd MakeEventFd(std::uint64_t value = 0);
std::vector<ScopedFd> MakeEventFds(std::size_t count);
// A listening TCP socket, and a connection to it.
ScopedFd MakeListener();
ScopedFd ConnectTo(int listener);

// A duplicate of `fd` whose number is the lowest free one from `lowest` on.
ScopedFd DuplicateFrom(int fd, int lowest = 0);
// Makes `number` a duplicate of `fd`; it must not be open.
ScopedFd DuplicateAt(int fd, int number);

// Writes all of `bytes`.
void Write(int fd, std::string_view bytes);
// One read of at most `size` bytes; empty at end of file. Throws on EAGAIN.
std::string Read(int fd, std::size_t size);
// Reads until EAGAIN or end of file; returns how many bytes.
std::size_t Drain(int fd);
// Writes until EAGAIN; returns how many bytes.
std::size_t Fill(int fd);
// Makes an eventfd readable; makes it unreadable again.
void Signal(int eventfd);
void Reset(int eventfd);

// Blocks until poll(2) reports one of `mask` for `fd`: for what the network
// stack may do a little later than the call that asked for it. Fails the test
// after 30 s.
void AwaitKernel(int fd, short mask);

// How many descriptors this process has open.
std::size_t OpenDescriptors();

// One event that Resolve let through.
struct Ready {
  Token token = 0;
  bool read = false;
  bool write = false;
  bool hang_up = false;
  bool urgent = false;
};

// What a batch says about `token`; nothing set when it says nothing.
Ready Of(const std::vector<Ready>& batch, Token token);
std::set<Token> TokensOf(const std::vector<Ready>& batch);

// A counter of Poller::counters() by name.
std::uint64_t CounterOf(const Poller& poller, std::string_view name);

// Runs each case of a suite on each backend, at most 60 s each; a backend that
// is unavailable is skipped with its reason. After each case as many
// descriptors must be open as before it.
//
//   using Registration = PollerTest;
//   TEST_P(Registration, ...) {...}
//   INSTANTIATE_TEST_SUITE_P(Backends, Registration, EveryBackend(),
//                            BackendOf);
class PollerTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override;
  void TearDown() override;

  const Backend& backend() const { return *FindBackend(GetParam()); }
  Poller& poller() { return *poller_; }
  void DestroyPoller() { poller_.reset(); }

  // Whether `interest` is edge-triggered on this backend.
  bool edge(Interest interest = kRead) const;

  // Each fails the test when the Poller reports an error.
  void Watch(int fd, Interest interest, Token token);
  void Forget(int fd);
  // One Wait, resolved, in order.
  std::vector<Ready> Wait(nanoseconds timeout = nanoseconds(0));

  // Waits until `token` has been reported for all that `wanted` names, and
  // returns all that was reported for it. Fails the test after 30 s.
  Ready WaitFor(Token token, Interest wanted);

  // Whether an edge-triggered descriptor to which nothing happens stops being
  // reported: one of the next few Waits must be empty.
  bool FallsQuiet();

  // Nothing is ready: a Wait finds nothing and lasts. A Poller that has to
  // filter the same event out of each Wait would return at once.
  void ExpectNoSpin();

  // How many descriptors of `wanted` can be open and watched on this backend
  // under this process's limit.
  std::size_t Room(std::size_t wanted) const;

  std::uint64_t Count(std::string_view counter) {
    return CounterOf(*poller_, counter);
  }

 private:
  std::unique_ptr<Poller> poller_;
  std::size_t open_before_ = 0;
};

std::vector<std::string> BackendNameList();

inline auto EveryBackend() { return testing::ValuesIn(BackendNameList()); }

// The backend's own name as part of a test's name, which may not hold a '-'.
std::string BackendOf(const testing::TestParamInfo<std::string>& info);

}  // namespace polymux

#endif  // POLYMUX_TESTS_POLLER_SUPPORT_H_
