#include "bench/peers/peers.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "apps/build_info.h"
#include "bench/lab/process.h"
#include "reactor/unique_fd.h"

namespace polymux::bench {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr const char* kPeerProgram = "bench/peers/peer";

Deadline Soon() { return steady_clock::now() + seconds(20); }

// A running peer.
class Running {
 public:
  explicit Running(std::string_view name)
      : process_({.command = {kPeerProgram, std::string(name), "--port", "0"}}),
        announcement_(process_.ReadLine(Soon()).value_or("")) {}

  const std::string& announcement() const { return announcement_; }
  Process& process() { return process_; }

  std::uint16_t port() const {
    const auto colon = announcement_.find(':');
    return static_cast<std::uint16_t>(
        std::stoi(announcement_.substr(colon + 1)));
  }

  UniqueFd Connect() {
    UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd.get(), reinterpret_cast<sockaddr*>(&address),
                      sizeof address),
              0)
        << std::strerror(errno) << "; it said: " << process_.ErrorOutput();
    const timeval limit{.tv_sec = 20, .tv_usec = 0};
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return fd;
  }

 private:
  Process process_;
  const std::string announcement_;
};

void SendAll(const UniqueFd& fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t count =
        send(fd.get(), data.data(), data.size(), MSG_NOSIGNAL);
    if (count <= 0) break;
    data.remove_prefix(static_cast<std::size_t>(count));
  }
}

// What arrives up to `size` bytes, the end of the stream or a long silence.
std::string Receive(const UniqueFd& fd, std::size_t size) {
  std::string all;
  std::array<char, 65536> chunk;
  while (all.size() < size) {
    const ssize_t count = recv(fd.get(), chunk.data(), chunk.size(), 0);
    if (count <= 0) break;
    all.append(chunk.data(), static_cast<std::size_t>(count));
  }
  return all;
}

// Keeps a process from running as long as it lives.
class Paused {
 public:
  explicit Paused(pid_t pid) : pid_(pid) {
    kill(pid_, SIGSTOP);
    siginfo_t info{};
    waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED);
  }
  Paused(const Paused&) = delete;
  Paused& operator=(const Paused&) = delete;
  ~Paused() { kill(pid_, SIGCONT); }

 private:
  const pid_t pid_;
};

TEST(PeersTest, NamesAreUniqueAndFound) {
  std::set<std::string_view> names;
  for (const Peer& peer : Peers()) {
    EXPECT_TRUE(names.insert(peer.name).second);
    EXPECT_EQ(FindPeer(peer.name), &peer);
  }
  EXPECT_EQ(FindPeer("no such peer"), nullptr);
}

TEST(PeersTest, UsageErrors) {
  Process none({.command = {kPeerProgram}});
  EXPECT_EQ(none.WaitForExit(Soon())->Describe(), "exited with status 2");
  EXPECT_NE(none.ErrorOutput().find("raw-epoll"), std::string::npos);
  Process unknown({.command = {kPeerProgram, "none"}});
  EXPECT_EQ(unknown.WaitForExit(Soon())->Describe(), "exited with status 2");
}

class PeerTest : public testing::TestWithParam<Peer> {
 protected:
  void SetUp() override {
    const std::string obstacle = GetParam().probe();
    if (!obstacle.empty()) GTEST_SKIP() << obstacle;
  }

  Running peer_{GetParam().name};
};

TEST_P(PeerTest, AnnouncesItselfAndStopsCleanly) {
  const std::string name(GetParam().name);
  EXPECT_EQ(peer_.announcement(),
            "listening 127.0.0.1:" + std::to_string(peer_.port()) +
                " backend=" + name + " reactors=0");
  if (name == "raw-select" &&
      ThisBuild().sanitizer == std::string_view("thread")) {
    GTEST_SKIP() << "ThreadSanitizer does not intercept select: a signal that "
                    "interrupts it is put off until another call";
  }
  EXPECT_TRUE(peer_.process().Stop().success());
}

TEST_P(PeerTest, EchoesManyConnections) {
  std::vector<UniqueFd> clients(100);
  for (UniqueFd& client : clients) client = peer_.Connect();
  for (const UniqueFd& client : clients) {
    SendAll(client, "message " + std::to_string(client.get()));
  }
  for (const UniqueFd& client : clients) {
    const std::string message = "message " + std::to_string(client.get());
    EXPECT_EQ(Receive(client, message.size()), message);
  }
}

// Far more than the socket buffers hold, to a reader that begins late, and the
// end of the stream after all of it.
TEST_P(PeerTest, LosesNothingToASlowReaderThatHalfCloses) {
  const UniqueFd client = peer_.Connect();
  std::string data(16 << 20, '\0');
  for (std::size_t i = 0; i < data.size(); ++i) {
    data[i] = static_cast<char>(i * 2654435761u >> 24);
  }
  std::jthread sender([&] {
    SendAll(client, data);
    shutdown(client.get(), SHUT_WR);
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_TRUE(Receive(client, data.size() + 1) == data);
}

TEST_P(PeerTest, SurvivesAReset) {
  {
    const UniqueFd client = peer_.Connect();
    const linger abort{.l_onoff = 1, .l_linger = 0};
    setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    const std::string data(1 << 20, 'x');
    send(client.get(), data.data(), data.size(), MSG_DONTWAIT);
  }
  const UniqueFd client = peer_.Connect();
  SendAll(client, "still there");
  EXPECT_EQ(Receive(client, 11), "still there");
}

// Where the end of the stream and then a reset have come, a send is EPIPE, and
// SIGPIPE too unless somebody has seen to that.
TEST_P(PeerTest, SurvivesABrokenPipe) {
  {
    UniqueFd client = peer_.Connect();
    SendAll(client, "x");
    ASSERT_EQ(Receive(client, 1), "x");
    const Paused paused(peer_.process().pid());
    SendAll(client, "nobody will read its echo");
    shutdown(client.get(), SHUT_WR);
    const linger abort{.l_onoff = 1, .l_linger = 0};
    setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    client.Reset();
  }
  const UniqueFd client = peer_.Connect();
  SendAll(client, "still there");
  EXPECT_EQ(Receive(client, 11), "still there");
}

// The port of one end of a connection; 0 when `fd` is none. `get`: getsockname
// or getpeername.
int PortOf(int fd, int (*get)(int, sockaddr*, socklen_t*)) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (get(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return ntohs(address.sin_port);
}

// A duplicate of a descriptor of another process.
UniqueFd DuplicateOf(const UniqueFd& process, int fd) {
  return UniqueFd(
      static_cast<int>(syscall(SYS_pidfd_getfd, process.get(), fd, 0)));
}

// Nagle's algorithm would hold back what is sent second.
TEST_P(PeerTest, SendsWithoutDelay) {
  const pid_t pid = peer_.process().pid();
  const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!DuplicateOf(process, STDERR_FILENO)) {
    GTEST_SKIP() << "pidfd_getfd: " << std::strerror(errno);
  }
  const UniqueFd client = peer_.Connect();
  SendAll(client, "x");
  ASSERT_EQ(Receive(client, 1), "x");
  UniqueFd far;
  for (const auto& entry : std::filesystem::directory_iterator(
           "/proc/" + std::to_string(pid) + "/fd")) {
    UniqueFd fd = DuplicateOf(process, std::stoi(entry.path().filename()));
    if (PortOf(fd.get(), getpeername) == PortOf(client.get(), getsockname)) {
      far = std::move(fd);
    }
  }
  ASSERT_TRUE(far) << "the connection is none of its descriptors";
  int no_delay = 0;
  socklen_t size = sizeof no_delay;
  ASSERT_EQ(getsockopt(far.get(), IPPROTO_TCP, TCP_NODELAY, &no_delay, &size),
            0);
  EXPECT_NE(no_delay, 0);
}

TEST_P(PeerTest, APortInUseIsAStartUpFailure) {
  Process second({.command = {kPeerProgram, std::string(GetParam().name),
                              "--port", std::to_string(peer_.port())}});
  EXPECT_EQ(second.WaitForExit(Soon())->Describe(), "exited with status 1");
  EXPECT_NE(second.ErrorOutput().find("Address already in use"),
            std::string::npos);
}

// The processor time of a process, in clock ticks.
long Ticks(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  std::istringstream fields(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  long user = 0;
  long system = 0;
  fields >> user >> system;
  return user + system;
}

TEST_P(PeerTest, WithoutDescriptorsItWaitsForOneToBecomeFree) {
  rlimit limit{.rlim_cur = 30, .rlim_max = 30};
  ASSERT_EQ(prlimit(peer_.process().pid(), RLIMIT_NOFILE, &limit, nullptr), 0);
  std::vector<UniqueFd> clients(40);
  for (UniqueFd& client : clients) client = peer_.Connect();
  const UniqueFd last = peer_.Connect();
  SendAll(last, "x");
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const long before = Ticks(peer_.process().pid());
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_LE(Ticks(peer_.process().pid()) - before, 3);  // no busy loop
  clients.clear();
  // Those who waited are answered, or turned away at once (libuv).
  const auto begin = steady_clock::now();
  const std::string answer = Receive(last, 1);
  EXPECT_TRUE(answer == "x" || steady_clock::now() - begin < seconds(10));
  // Until the peer has seen that they are gone, others may be, too.
  std::string next;
  while (next.empty() && steady_clock::now() - begin < seconds(20)) {
    const UniqueFd client = peer_.Connect();
    SendAll(client, "y");
    next = Receive(client, 1);
  }
  EXPECT_EQ(next, "y");
}

std::string TestName(const testing::TestParamInfo<Peer>& info) {
  std::string name(info.param.name);
  std::erase(name, '-');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Peers, PeerTest,
                         testing::ValuesIn(Peers().begin(), Peers().end()),
                         TestName);

}  // namespace
}  // namespace polymux::bench
