// echo_server as its user sees it: command line, standard streams, signals,
// exit codes, statistics.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "apps/build_info.h"
#include "tests/apps/echo_server_process.h"
#include "tests/apps/process.h"
#include "tests/reactor/support.h"

namespace polymux {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

constexpr std::size_t kMiB = std::size_t{1} << 20;

// A file name that nothing has yet, removed at the end.
class ScratchFile {
 public:
  ScratchFile()
      : path_(testing::TempDir() + "/" + std::to_string(::getpid()) + "-" +
              std::to_string(++last)) {}
  ~ScratchFile() { std::filesystem::remove(path_); }

  const std::string& path() const { return path_; }
  std::vector<std::string> Lines() const {
    std::vector<std::string> lines;
    std::ifstream file(path_);
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }

 private:
  static inline int last = 0;
  const std::string path_;
};

// Waits until the file has `count` lines and parses the last of them.
Json LineOf(const ScratchFile& file, std::size_t count) {
  EXPECT_TRUE(Eventually([&] { return file.Lines().size() >= count; }));
  return Json::parse(file.Lines().at(count - 1));
}

std::uint64_t Total(const Json& line, const std::string& counter) {
  std::uint64_t total = 0;
  for (const Json& loop : line.at("loops")) {
    total += loop.at("counters").at(counter).get<std::uint64_t>();
  }
  return total;
}

std::size_t EntriesOf(const std::string& directory) {
  const std::filesystem::directory_iterator entries(directory);
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

// Lowers the soft limit of a process so that it can open `room` more.
void LimitDescriptors(pid_t pid, std::size_t room) {
  const std::string directory = "/proc/" + std::to_string(pid) + "/fd/";
  rlimit limit{};
  Must(::prlimit(pid, RLIMIT_NOFILE, nullptr, &limit));
  limit.rlim_cur = 0;
  for (std::size_t free = 0; free < room; ++limit.rlim_cur) {
    const std::string entry = directory + std::to_string(limit.rlim_cur);
    if (!std::filesystem::is_symlink(entry)) ++free;
  }
  Must(::prlimit(pid, RLIMIT_NOFILE, &limit, nullptr));
}

// A client that sends and reads no more than one byte, until nothing more is
// taken or it has been more than all buffers hold: the server has output which
// nobody takes.
Client MakeGreedyClient(const InetAddress& address) {
  Client client(address, 64 * 1024);
  const std::string chunk = Pattern(kMiB / 4);
  std::size_t sent = client.SendSome(chunk);
  client.Receive(1);
  auto last_progress = std::chrono::steady_clock::now();
  while (sent < 16 * kMiB &&
         std::chrono::steady_clock::now() - last_progress < 300ms) {
    if (const std::size_t count = client.SendSome(chunk); count > 0) {
      sent += count;
      last_progress = std::chrono::steady_clock::now();
    } else {
      std::this_thread::sleep_for(1ms);
    }
  }
  return client;
}

class EchoServerTest : public BackendTest {
 protected:
  // A stop waits for the ends of the connections that a test has left open:
  // not for long.
  std::vector<std::string> Flags(std::vector<std::string> more = {}) const {
    more.push_back("--backend=" + GetParam());
    more.emplace_back("--linger-timeout=50ms");
    return more;
  }
};

TEST_P(EchoServerTest, FirstLine) {
  for (const int reactors : {0, 1, 3}) {
    EchoServer server(Flags({"--reactors", std::to_string(reactors)}));
    EXPECT_EQ(server.first_line(), "listening " + server.address().ToString() +
                                       " backend=" + GetParam() +
                                       " reactors=" + std::to_string(reactors));
    EXPECT_NE(server.address().port(), 0);
    Client(server.address()).Echo("hello");
  }
}

TEST_P(EchoServerTest, BindsIPv6) {
  EchoServer server(Flags({"--bind", "::1"}));
  EXPECT_TRUE(server.first_line().starts_with("listening [::1]:"));
  Client(server.address()).Echo("hello");
}

TEST_P(EchoServerTest, OneThreadForAcceptingOneForEachReactorAndTheLog) {
  if (ThisBuild().sanitizer == std::string_view("thread")) {
    GTEST_SKIP() << "ThreadSanitizer has a thread of its own";
  }
  for (const int reactors : {0, 1, 4}) {
    EchoServer server(Flags({"--reactors", std::to_string(reactors)}));
    EXPECT_EQ(
        EntriesOf("/proc/" + std::to_string(server.process().pid()) + "/task"),
        2U + static_cast<unsigned>(reactors));
  }
}

TEST_P(EchoServerTest, ALogThatNobodyReadsHoldsUpNothing) {
  const StuckPipe log;
  EchoServer server(Flags(), log.Command({}));
  Client(server.address()).Echo("hello");
  EXPECT_EQ(server.Stop(), 0);
}

TEST_P(EchoServerTest, StopsOnSigintAndSigterm) {
  for (const int signal : {SIGINT, SIGTERM}) {
    EchoServer server(Flags());
    Client client(server.address());
    client.Echo("hello");
    EXPECT_EQ(server.Stop(signal), 0) << server.process().Errors();
    EXPECT_EQ(client.ReceiveToEnd(), "");
    EXPECT_EQ(server.process().ReadToEnd(), "")
        << "more than the first line on standard output";
  }
}

TEST_P(EchoServerTest, TellsASummaryAtTheEnd) {
  EchoServer server(Flags());
  for (int i = 0; i < 3; ++i) Client(server.address()).Echo("12345");
  EXPECT_EQ(server.Stop(), 0);
  const std::string errors = server.process().Errors();
  EXPECT_NE(errors.find("3 connections"), std::string::npos) << errors;
  EXPECT_NE(errors.find("15 bytes in"), std::string::npos) << errors;
  EXPECT_NE(errors.find(GetParam()), std::string::npos) << errors;
}

TEST_P(EchoServerTest, SendsPendingOutputBeforeItEnds) {
  EchoServer server({"--backend=" + GetParam()});
  Client client = MakeGreedyClient(server.address());
  server.process().Signal(SIGTERM);
  ASSERT_TRUE(Eventually([&] {
    return server.process().Errors().find("stopping") != std::string::npos;
  }));
  EXPECT_TRUE(client.SeesTheEnd());
  client.Close();
  EXPECT_EQ(server.process().Wait(), 0);
}

TEST_P(EchoServerTest, TheSecondSignalEndsItAtOnce) {
  EchoServer server(Flags());
  const Client client = MakeGreedyClient(server.address());
  server.process().Signal(SIGTERM);
  ASSERT_TRUE(Eventually([&] {
    return server.process().Errors().find("stopping") != std::string::npos;
  }));
  EXPECT_EQ(server.Stop(SIGINT), 128 + SIGINT);
}

TEST_P(EchoServerTest, AppendsCountersOnSigusr1AndAtTheEnd) {
  const ScratchFile file;
  EchoServer server(Flags({"--stats-json", file.path(), "--reactors", "2"}));
  EXPECT_TRUE(file.Lines().empty());
  Client client(server.address());
  client.Echo("hello");
  server.process().Signal(SIGUSR1);
  const Json first = LineOf(file, 1);
  EXPECT_EQ(first.at("final"), false);
  EXPECT_EQ(first.at("backend"), GetParam());
  EXPECT_EQ(first.at("reactors"), 2);
  EXPECT_EQ(first.at("build").at("ndebug"), ThisBuild().ndebug);
  EXPECT_EQ(first.at("build").at("sanitizer"), ThisBuild().sanitizer);
  ASSERT_EQ(first.at("loops").size(), 3U);
  EXPECT_EQ(first.at("loops").at(0).at("name"), "main");
  EXPECT_EQ(first.at("loops").at(1).at("name"), "io-0");
  EXPECT_EQ(first.at("loops").at(2).at("name"), "io-1");
  EXPECT_EQ(Total(first, "opened"), 1U);
  EXPECT_EQ(Total(first, "bytes_read"), 5U);
  EXPECT_EQ(Total(first, "bytes_written"), 5U);
  for (const Json& name : first.at("system_calls")) {
    EXPECT_TRUE(first.at("loops").at(0).at("counters").contains(name)) << name;
  }
  const auto& calls = first.at("system_calls");
  EXPECT_NE(std::find(calls.begin(), calls.end(), "waits"), calls.end());
  EXPECT_EQ(std::find(calls.begin(), calls.end(), "events"), calls.end());
  EXPECT_EQ(std::find(calls.begin(), calls.end(), "adds") != calls.end(),
            backend().changes_are_system_calls);

  client.Echo("again");
  EXPECT_EQ(server.Stop(), 0);
  EXPECT_EQ(file.Lines().size(), 2U);
  const Json last = LineOf(file, 2);
  EXPECT_EQ(last.at("final"), true);
  EXPECT_EQ(Total(last, "bytes_read"), 10U);
  EXPECT_EQ(Total(last, "closed"), 1U);
  EXPECT_GT(last.at("monotonic_ns"), first.at("monotonic_ns"));
}

// Nothing fits, the second line does not fit: what is there is whole lines.
TEST_P(EchoServerTest, AStatisticsFileThatCannotGrowDropsNoClient) {
  if (ThisBuild().sanitizer == std::string_view("thread")) {
    GTEST_SKIP() << "ThreadSanitizer has a file of its own";
  }
  std::string line;
  {
    const ScratchFile file;
    EchoServer server(Flags({"--stats-json", file.path()}));
    server.process().Signal(SIGUSR1);
    line = LineOf(file, 1).dump();
  }
  for (const std::size_t limit : {std::size_t{0}, line.size() * 3 / 2}) {
    SCOPED_TRACE(limit);
    const ScratchFile file;
    // Standard error is a file here, too.
    EchoServer server(Flags({"--stats-json", file.path()}),
                      {"prlimit", "--fsize=" + std::to_string(limit), "sh",
                       "-c", "exec \"$0\" \"$@\" 2>&1"});
    Client client(server.address());
    for (int i = 0; i < 2; ++i) {
      client.Echo("hello");
      server.process().Signal(SIGUSR1);
      client.Echo("still served");
    }
    EXPECT_EQ(server.Stop(), 1);
    const std::string log = server.process().ReadToEnd();
    EXPECT_NE(log.find("File too large"), std::string::npos) << log;
    const std::vector<std::string> lines = file.Lines();
    EXPECT_EQ(lines.size(), limit == 0 ? 0U : 1U);
    for (const std::string& whole : lines) {
      EXPECT_TRUE(Json::accept(whole)) << whole;
    }
  }
}

TEST_P(EchoServerTest, APipeThatNobodyReadsDeafensNobody) {
  const ScratchFile file;
  Must(::mkfifo(file.path().c_str(), 0600));
  Process early({kEchoServer, "--stats-json", file.path()});
  EXPECT_EQ(early.Wait(), 1);
  EXPECT_NE(early.Errors().find(file.path()), std::string::npos)
      << early.Errors();

  UniqueFd reader(
      Must(::open(file.path().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)));
  EchoServer server(Flags({"--stats-json", file.path(), "--reactors", "2"}));
  Client client(server.address());
  // Until the pipe is full and a line is lost.
  EXPECT_TRUE(Eventually([&] {
    server.process().Signal(SIGUSR1);
    client.Echo("hello");
    return server.process().Errors().find("Resource temporarily unavailable") !=
           std::string::npos;
  }));
  std::string text;
  const auto read_all = [&] {
    std::array<char, 65536> chunk{};
    ssize_t count = 0;
    while ((count = ::read(reader.get(), chunk.data(), chunk.size())) > 0) {
      text.append(chunk.data(), static_cast<std::size_t>(count));
    }
  };
  read_all();
  EXPECT_EQ(server.Stop(), 1) << server.process().Errors();
  read_all();
  std::istringstream lines(text);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    EXPECT_TRUE(Json::accept(line)) << line;
  }
  EXPECT_GT(count, 2);
  EXPECT_EQ(text.back(), '\n');

  EchoServer second(Flags({"--stats-json", file.path()}));
  reader.Reset();
  EXPECT_EQ(second.Stop(), 1) << "the reader has gone";
}

TEST_P(EchoServerTest, AnIdleServerUsesNoCpu) {
  for (const int reactors : {0, 2}) {
    EchoServer server(Flags({"--reactors", std::to_string(reactors)}));
    std::vector<Client> clients;
    for (int i = 0; i < 50; ++i) {
      clients.emplace_back(server.address());
      clients.back().Echo("hello");
    }
    for (std::size_t i = 0; i < 20; ++i) clients[i].Reset();
    std::this_thread::sleep_for(50ms);
    const auto before = server.process().CpuTime();
    std::this_thread::sleep_for(500ms);
    EXPECT_LT(server.process().CpuTime() - before, 25ms);
  }
}

TEST_P(EchoServerTest, G03_Emfile) {
  constexpr std::size_t kRoom = 4;
  for (const int reactors : {0, 1}) {
    SCOPED_TRACE(reactors);
    const ScratchFile file;
    EchoServer server(Flags(
        {"--stats-json", file.path(), "--reactors", std::to_string(reactors)}));
    LimitDescriptors(server.process().pid(), kRoom);

    std::vector<Client> served;
    for (std::size_t i = 0; i < kRoom; ++i) {
      served.emplace_back(server.address());
      served.back().Echo("hello");
    }
    for (int i = 0; i < 50; ++i) {
      EXPECT_TRUE(Client(server.address()).SeesTheEnd());
    }
    for (Client& client : served) client.Echo("still served");
    const auto before = server.process().CpuTime();
    std::this_thread::sleep_for(500ms);
    EXPECT_LT(server.process().CpuTime() - before, 25ms) << "a busy loop";

    served.pop_back();
    // The server may learn of the close after the next connect.
    EXPECT_TRUE(Eventually([&] {
      try {
        Client client(server.address());
        client.Send("x");
        return client.Receive(1) == "x";
      } catch (const std::exception&) {
        return false;
      }
    }));
    EXPECT_EQ(server.Stop(), 0);
    EXPECT_GE(Total(LineOf(file, 1), "rejected_descriptors"), 50U);
  }
}

TEST_P(EchoServerTest, MaxConnections) {
  EchoServer server(Flags({"--max-connections", "2"}));
  Client first(server.address());
  Client second(server.address());
  first.Echo("x");
  second.Echo("x");
  EXPECT_TRUE(Client(server.address()).SeesTheEnd());
  first.Echo("still served");
  EXPECT_EQ(server.Stop(), 0);
  EXPECT_NE(server.process().Errors().find("rejected 1"), std::string::npos)
      << server.process().Errors();
}

TEST_P(EchoServerTest, SurvivesRudeClients) {
  EchoServer server(Flags({"--read-budget", "4k"}));
  for (int i = 0; i < 200; ++i) {
    Client client(server.address(), 4096);
    client.SendSome(Pattern(kMiB));
    client.Reset();
  }
  Client(server.address()).Echo("still there");
  EXPECT_EQ(server.Stop(), 0);
}

INSTANTIATE_TEST_SUITE_P(Backends, EchoServerTest, EveryBackend(), BackendOf);

// What does not depend on the backend.

TEST(EchoServerCommandLineTest, APortInUseIsAStartUpFailure) {
  EchoServer server({});
  Process second(
      {kEchoServer, "--port", std::to_string(server.address().port())});
  EXPECT_EQ(second.Wait(), 1);
  EXPECT_EQ(second.ReadToEnd(), "");
  const std::string errors = second.Errors();
  EXPECT_NE(errors.find(server.address().ToString()), std::string::npos)
      << errors;
  EXPECT_NE(errors.find("Address already in use"), std::string::npos) << errors;
  Client(server.address()).Echo("the first is undisturbed");
}

TEST(EchoServerCommandLineTest, AFileThatCannotBeWrittenIsAStartUpFailure) {
  Process server({kEchoServer, "--stats-json", "/nonexistent/stats.json"});
  EXPECT_EQ(server.Wait(), 1);
  EXPECT_EQ(server.ReadToEnd(), "");
  EXPECT_NE(server.Errors().find("/nonexistent/stats.json"), std::string::npos)
      << server.Errors();
}

TEST(EchoServerCommandLineTest, WrongUsageExits2) {
  const std::vector<std::vector<std::string>> wrong = {
      {"--backend", "kqueue"},
      {"--backend"},
      {"--port", "65536"},
      {"--port", "-1"},
      {"--port", "http"},
      {"--reactors", "-1"},
      {"--reactors", "many"},
      {"--bind", "localhost"},
      {"--backlog", "0"},
      {"--read-budget", "4q"},
      {"--no-such-flag"},
      {"stray"},
      {"--max-connections", "0"},
      {"--codec=length", "--max-frame=32m"},
      {"--codec=length", "--max-output=1m"}};
  for (const std::vector<std::string>& flags : wrong) {
    std::vector<std::string> command = {kEchoServer};
    command.insert(command.end(), flags.begin(), flags.end());
    SCOPED_TRACE(flags.front() + " " + flags.back());
    Process server(command);
    EXPECT_EQ(server.Wait(), 2);
    EXPECT_EQ(server.ReadToEnd(), "");
    EXPECT_NE(server.Errors(), "");
  }
}

TEST(EchoServerCommandLineTest, ARelativePathBeginsWhereTheUserIs) {
  const std::filesystem::path directory =
      std::filesystem::path(testing::TempDir()) / "where-the-user-is";
  std::filesystem::create_directories(directory);
  EchoServer server({"--stats-json=statistics"},
                    {"env", "BUILD_WORKING_DIRECTORY=" + directory.string()});
  EXPECT_EQ(server.Stop(), 0) << server.process().Errors();
  EXPECT_TRUE(std::filesystem::remove(directory / "statistics"));
}

TEST(EchoServerCommandLineTest, AnUnknownBackendIsToldTheLegalOnes) {
  Process server({kEchoServer, "--backend=kqueue"});
  EXPECT_EQ(server.Wait(), 2);
  const std::string errors = server.Errors();
  EXPECT_NE(errors.find("kqueue"), std::string::npos) << errors;
  for (const Backend& backend : Backends()) {
    EXPECT_NE(errors.find(backend.name), std::string::npos) << errors;
  }
}

// Each limit with its default.
TEST(EchoServerCommandLineTest, HelpNamesEveryFlag) {
  Process server({kEchoServer, "--help"});
  const std::string help = server.ReadToEnd();
  EXPECT_EQ(server.Wait(), 0);
  for (const char* const flag : {"--backend NAME=",
                                 "--bind ADDRESS=127.0.0.1",
                                 "--port PORT=0",
                                 "--reactors N=1",
                                 "--backlog N=4096",
                                 "--no-nodelay ",
                                 "--read-budget SIZE=256k",
                                 "--stats-json FILE",
                                 "Default: 10000",
                                 "--max-connections N",
                                 "--max-per-ip N=0",
                                 "--accepts-per-event N=64",
                                 "--max-frame SIZE=1m",
                                 "--high-water SIZE=1m",
                                 "--low-water SIZE=256k",
                                 "--max-output SIZE=8m",
                                 "--first-byte-timeout DURATION=10s",
                                 "--frame-timeout DURATION=10s",
                                 "--idle-timeout DURATION=1m",
                                 "--write-timeout DURATION=30s",
                                 "--linger-timeout DURATION=1s",
                                 "--linger-bytes SIZE=64k",
                                 "--fan-out ",
                                 "--worker-queue N=10000",
                                 "--drain-timeout DURATION=5s"}) {
    EXPECT_NE(help.find(flag), std::string::npos) << flag;
  }
  for (const Backend& backend : Backends()) {
    EXPECT_NE(help.find(backend.name), std::string::npos) << backend.name;
  }
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 80U) << line;
  }
}

}  // namespace
}  // namespace polymux
