#ifndef POLYMUX_TESTS_REACTOR_SUPPORT_H_
#define POLYMUX_TESTS_REACTOR_SUPPORT_H_

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "poller/backends.h"
#include "reactor/event_loop.h"
#include "reactor/inet_address.h"
#include "reactor/socket.h"
#include "reactor/tcp_server.h"
#include "reactor/unique_fd.h"

// What the suites in this directory share: fixtures that run each case on each
// backend of Backends(), clients that never wait for ever, and a server in a
// thread of its own.

namespace polymux {

// How long anything that must happen may take: far more than it needs, since
// the machine may be busy and a sanitizer on.
inline constexpr std::chrono::seconds kPatience(30);

// Returns `result`, of a system call, when it is not -1; throws
// std::system_error otherwise, which fails the test.
int Must(int result);

// How many descriptors this process has open.
std::size_t OpenDescriptors();

// Looks every millisecond until `condition` holds; false after kPatience.
bool Eventually(const std::function<bool()>& condition);

// `size` bytes that tell where they are from: a shift by any number of bytes
// shows.
std::string Pattern(std::size_t size);

// The value of a counter by name. Throws std::out_of_range for an unknown one.
std::uint64_t CounterOf(const std::vector<Counter>& counters,
                        std::string_view name);

// The other end of a connection: a blocking stream socket. Each call throws,
// which fails the test, when it cannot do what it says within kPatience.
class Client {
 public:
  // Connects by TCP. `buffer_bytes`: SO_RCVBUF and SO_SNDBUF, set before the
  // connect; zero leaves them alone.
  explicit Client(const InetAddress& address, int buffer_bytes = 0);
  explicit Client(UniqueFd fd);

  int fd() const { return fd_.get(); }

  void Send(std::string_view bytes);
  // Exactly `count` bytes.
  std::string Receive(std::size_t count);
  // All there is until the end of the stream.
  std::string ReceiveToEnd();
  // Sends and expects the same to come back.
  void Echo(std::string_view bytes);
  // Waits for the end of the stream or a reset, and drops what comes before;
  // whether that came.
  bool SeesTheEnd();

  // Without waiting: how much of `bytes` the socket takes, and what there is.
  std::size_t SendSome(std::string_view bytes);
  std::string ReceiveSome();

  void ShutdownWrite();
  // Closes with a RST.
  void Reset();
  void Close() { fd_.Reset(); }

 private:
  UniqueFd fd_;
};

// A connection both of whose ends are here.
struct Pair {
  Socket near;  // non-blocking, as a server has it
  Client far;
};
Pair MakeTcpPair();
// A Unix stream; `send_buffer`: SO_SNDBUF of both ends.
Pair MakeUnixPair(int send_buffer);

// Runs each case of a suite on each backend; a backend that is unavailable is
// skipped with its reason. A case that hangs is killed by SIGALRM. After each
// case, the fixture destroyed, as many descriptors are open as before it.
//
//   INSTANTIATE_TEST_SUITE_P(Backends, Suite, EveryBackend(), BackendOf);
class BackendTest : public testing::TestWithParam<std::string> {
 protected:
  BackendTest();
  ~BackendTest() override;
  void SetUp() override;
  void TearDown() override;

  const Backend& backend() const { return *FindBackend(GetParam()); }
  bool edge() const { return backend().trigger == Trigger::kEdge; }

 private:
  const std::size_t open_before_;
};

// With a loop that belongs to the test's own thread and is run step by step, so
// that nothing happens behind the test's back.
class LoopTest : public BackendTest {
 protected:
  explicit LoopTest(const Clock& clock = Clock::Monotonic()) : clock_(clock) {}
  void SetUp() override;

  EventLoop& loop() { return *loop_; }
  std::uint64_t Count(std::string_view counter) const {
    return CounterOf(loop_->CounterList(), counter);
  }

  // Looks for events and handles those there are, without waiting.
  void Step();
  // Steps until `condition` holds; false after kPatience.
  bool StepUntil(const std::function<bool()>& condition);
  // Runs the loop until something calls Quit; fails the test after kPatience.
  void Run();

 private:
  const Clock& clock_;
  std::optional<EventLoop> loop_;
};

// A monotonic clock for a loop that is stepped and never waits: however long
// the machine keeps this thread from it, no more than 10 ms have passed since
// it was last looked at, and so no deadline of 100 ms between two steps of a
// test. For one thread.
const Clock& ClockWithoutStalls();

std::vector<std::string> BackendNameList();
inline auto EveryBackend() { return testing::ValuesIn(BackendNameList()); }
// The backend's own name as part of a test's name, which may not hold a '-'.
std::string BackendOf(const testing::TestParamInfo<std::string>& info);

// Options of a server that echoes, on a free port of 127.0.0.1.
TcpServer::Options EchoOptions(int reactors);

// A TcpServer whose main loop runs in a thread of its own, from the constructor
// to the destructor.
class ServerThread {
 public:
  ServerThread(const Backend& backend, const TcpServer::Options& options);
  ~ServerThread();

  const InetAddress& address() const { return address_; }
  EventLoop* loop() const { return loop_; }
  // Only for Run, but for what any thread may call.
  TcpServer& server() const { return **server_; }

  // Runs `function` in the main loop's thread and returns when it has.
  void Run(const std::function<void()>& function);

  // Destroys the server, in the main loop's thread; its port is free then.
  void DestroyServer();
  // The same from within a function that Run runs; its descriptors are closed
  // when the loop has gone on.
  void ResetServer() { server_->reset(); }

  // Stops the server and waits until it says so.
  void Stop();

  std::vector<TcpServer::LoopReport> Reports();
  // The sum over all loops.
  std::uint64_t Count(std::string_view counter);

 private:
  InetAddress address_;
  EventLoop* loop_ = nullptr;
  std::optional<TcpServer>* server_ = nullptr;
  std::thread thread_;
};

}  // namespace polymux

#endif  // POLYMUX_TESTS_REACTOR_SUPPORT_H_
