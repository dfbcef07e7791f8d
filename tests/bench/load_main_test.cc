#include "bench/load/load_main.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/load/clock.h"
#include "bench/load/stop_signals.h"
#include "reactor/unique_fd.h"
#include "tests/bench/fault_server.h"

namespace polymux::bench {
namespace {

struct Outcome {
  int exit_code;
  std::string out;
  std::string err;
};

int CallLoadMain(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "polymux load");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  return LoadMain(static_cast<int>(argv.size()), argv.data());
}

Outcome Load(const std::vector<std::string>& arguments) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int exit_code = CallLoadMain(arguments);
  return {exit_code, testing::internal::GetCapturedStdout(),
          testing::internal::GetCapturedStderr()};
}

std::string FirstLine(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

TEST(LoadMain, SummaryForPeople) {
  const FaultServer server({.message_size = 4096});
  const Outcome outcome = Load({server.address(), "-c", "5", "-s", "4k", "-p",
                                "2", "-d", "100ms", "-w", "10ms"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.out.find("5 active and 0 idle connections, 4,096 bytes, "
                             "depth 2"),
            0U)
      << outcome.out;
}

TEST(LoadMain, JsonForPrograms) {
  const FaultServer server({.message_size = 100});
  const Outcome outcome =
      Load({server.address(), "--connections=3", "--idle=4", "--size=100",
            "--depth=5", "--threads=2", "--duration=100ms", "--warm-up=0s",
            "--seed=9", "--json", "--observe", std::to_string(getpid())});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto json = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(json["connections"], 3);
  EXPECT_EQ(json["idle"], 4);
  EXPECT_EQ(json["size"], 100);
  EXPECT_EQ(json["depth"], 5);
  EXPECT_EQ(json["threads"], 2);
  EXPECT_GT(json["messages"], 0);
  // This process is both the load and what it observes.
  EXPECT_NEAR(json["observed"]["cpu_ns"].get<double>(),
              json["load_cpu_ns"].get<double>(), 3e7);
}

TEST(LoadMain, OpenLoopByFlags) {
  const FaultServer server({.message_size = 64});
  const Outcome outcome =
      Load({server.address(), "--rate=1000", "--arrivals=constant",
            "--duration=100ms", "--warm-up=10ms", "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto json = nlohmann::json::parse(outcome.out);
  EXPECT_NEAR(json["rate"]["intended"].get<double>(), 1000, 20);
  EXPECT_TRUE(json["rate"]["late"].is_boolean());
  EXPECT_FALSE(json["send_lag_ns"].is_null());
  EXPECT_TRUE(json["histograms"].contains("service"));
}

TEST(LoadMain, ChurnBurstAndSlowReadersByFlags) {
  const FaultServer server({.message_size = 64});
  const Outcome churn =
      Load({server.address(), "-c3", "--messages-per-connection=2", "-d100ms",
            "-w10ms", "--json"});
  ASSERT_EQ(churn.exit_code, 0) << churn.err;
  EXPECT_GT(nlohmann::json::parse(churn.out)["connections_opened"], 0);
  const Outcome burst =
      Load({server.address(), "-c3", "--burst", "-d100ms", "-w10ms"});
  EXPECT_EQ(burst.exit_code, 0) << burst.err;
  // This server waits for slow readers, and still nothing is lost.
  const Outcome slow = Load({server.address(), "-c0", "--idle=1",
                             "--slow-readers=1", "-d100ms", "-w10ms"});
  EXPECT_EQ(slow.exit_code, 0) << slow.err;
}

TEST(LoadMain, FanOutByFlags) {
  const FaultServer server({.message_size = 64, .fan_out = true});
  const Outcome outcome = Load(
      {server.address(), "-c3", "--fan-out", "-d100ms", "-w10ms", "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_GT(nlohmann::json::parse(outcome.out)["messages"], 0);
}

TEST(LoadMain, ErrorIsReportedAndPrintedAsJsonToo) {
  const FaultServer server({.message_size = 64, .fault = Fault::kCorruptByte});
  const Outcome outcome =
      Load({server.address(), "-c", "3", "-d", "100ms", "--json"});
  EXPECT_EQ(outcome.exit_code, 1);
  const auto json = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(json["errors"]["mismatch"], 1);
  EXPECT_EQ(outcome.err,
            "error: " + json["first_error"].get<std::string>() + "\n");
}

TEST(LoadMain, NobodyListens) {
  const std::string address = FaultServer({}).address();  // gone already
  const Outcome outcome = Load({address, "-c", "3"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.err,
            "error: connection 0: " + address + ": Connection refused\n");
}

// Where localhost is ::1 first, and the server listens on 127.0.0.1 alone. So
// it is by its name here, whatever the order.
TEST(LoadMain, AllAddressesOfAHostAreTried) {
  const FaultServer server({.message_size = 64});
  const std::string address = server.address();
  const std::string port = address.substr(address.rfind(':'));
  const Outcome outcome = Load({"localhost" + port, "-c", "2", "-d", "50ms"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
}

// 0.3 per second over 4 threads are 3 in 10 s; here 30 per second in 0.1 s.
TEST(LoadMain, ARateIsOfAllThreads) {
  for (const char* arrivals : {"constant", "poisson"}) {
    const FaultServer server({.message_size = 64});
    const Outcome outcome =
        Load({server.address(), "-c", "8", "--threads", "8", "--rate", "30",
              "-d", "100ms", "-w", "0s", "--arrivals", arrivals, "--json"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    const auto json = nlohmann::json::parse(outcome.out);
    EXPECT_EQ(json["rate"]["asked"], 30.0);
    EXPECT_EQ(json["rate"]["intended"], 30.0);
  }
}

TEST(LoadMain, RunTimeErrors) {
  EXPECT_EQ(Load({"999.1.1.1:80"}).exit_code, 1);
  EXPECT_EQ(Load({"127.0.0.1:80", "--cpu", "1023"}).exit_code, 1);
  EXPECT_EQ(Load({"127.0.0.1:80", "--observe", "2147483647"}).exit_code, 1);
}

TEST(LoadMain, HelpIsOnStdoutAndFitsATerminal) {
  const Outcome outcome = Load({"--help"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.err, "");
  EXPECT_NE(outcome.out.find("Usage: polymux load [OPTIONS]"),
            std::string::npos);
  std::size_t begin = 0;
  while (begin < outcome.out.size()) {
    const std::size_t end = outcome.out.find('\n', begin);
    EXPECT_LE(end - begin, 80U) << outcome.out.substr(begin, end - begin);
    begin = end + 1;
  }
}

TEST(LoadMain, UsageErrorsNameTheFlag) {
  const std::string target = "127.0.0.1:80";
  const struct {
    std::vector<std::string> arguments;
    std::string error;
  } kCases[] = {
      {{}, "target is required"},
      {{"localhost"},
       "HOST:PORT: 'localhost': write HOST:PORT, like 127.0.0.1:7000 or "
       "[::1]:7000"},
      {{target, "-d", "3"},
       "--duration: '3': a duration needs a unit, like 500ms or 3s"},
      {{target, "-d", "0s"}, "--duration: must be above zero"},
      {{target, "-d", "9223372036s"},
       "--duration: at most 10000m, not 9223372036s"},
      {{target, "-w", "10001m"}, "--warm-up: at most 10000m, not 10001m"},
      {{target, "-c", "1000001"},
       "--connections: Value 1000001 not in range 0 to 1000000"},
      {{target, "--idle", "4611686018427387904"},
       "--idle: Value 4611686018427387904 not in range 0 to 1000000"},
      {{target, "-c", "1025", "-p", "65536"},
       "--connections, --depth: more than 67108864 messages on the way"},
      {{target, "--rate", "inf"},
       "--rate: more than 20,000,000 messages in --warm-up and --duration"},
      {{"localhost:080"},
       "HOST:PORT: 'localhost:080': write HOST:PORT, like 127.0.0.1:7000 or "
       "[::1]:7000"},
      {{target, "-s", "4x"},
       "--size: '4x': a size is a whole number of bytes, or one followed by k, "
       "m or g, like 100 or 16k"},
      {{target, "-s", "0"}, "--size: must be from 1 to 1g"},
      {{target, "-p", "0"}, "--depth: Value 0 not in range 1 to 65536"},
      {{target, "-c", "0"}, "--connections, --idle: both are zero"},
      {{target, "--threads", "0"}, "--threads: Value 0 not in range 1 to 1024"},
      {{target, "--cpu", "x"},
       "--cpu: 'x': write CPU numbers, like 1 or 0,2-3"},
      {{target, "--rate", "0"}, "--rate: must be above zero"},
      {{target, "--rate", "1e9"},
       "--rate: more than 20,000,000 messages in --warm-up and --duration"},
      {{target, "--rate", "0.1"},
       "--rate: less than one message in --duration"},
      {{target, "--rate", "nan"}, "--rate: must be above zero"},
      {{target, "--rate", "9x"},
       "--rate: '9x': write messages per second, like 20000"},
      {{target, "--rate", "9", "--arrivals", "x"},
       "--arrivals: 'x': write constant or poisson"},
      {{target, "--arrivals", "poisson"}, "--arrivals requires --rate"},
      {{target, "--rate", "9", "--burst"},
       "--rate, --burst: each says when messages are sent"},
      {{target, "--rate", "9", "-p", "2"},
       "--rate, --depth: an open loop sends what is due, whatever is on the "
       "way"},
      {{target, "--rate", "9", "--messages-per-connection", "2"},
       "--rate, --messages-per-connection: a message that is due cannot wait "
       "for a connection"},
      {{target, "--rate", "9", "-c", "0", "--idle", "1"},
       "--connections: there is none that could send"},
      {{target, "--burst", "-p", "2"},
       "--burst, --depth: a burst is one message per connection"},
      {{target, "--burst", "--threads", "2"},
       "--burst, --threads: one thread sends a burst"},
      {{target, "--burst", "--messages-per-connection", "2"},
       "--burst, --messages-per-connection: the connections of a burst stay"},
      {{target, "--messages-per-connection", "2", "-p", "3"},
       "--messages-per-connection, --depth: a connection has fewer messages "
       "than are to be on the way"},
      {{target, "--messages-per-connection", "0"},
       "--messages-per-connection: Value 0 not in range 1 to 1000000000"},
      {{target, "--fan-out", "-c", "0", "--idle", "1"},
       "--connections: there is none that could send"},
      {{target, "--fan-out", "--idle", "1"},
       "--fan-out, --idle: all connections receive, none is silent"},
      {{target, "--fan-out", "--rate", "9"},
       "--fan-out: goes neither with --rate nor --burst nor "
       "--messages-per-connection"},
      {{target, "--fan-out", "--burst"},
       "--fan-out: goes neither with --rate nor --burst nor "
       "--messages-per-connection"},
      {{target, "--fan-out", "--messages-per-connection", "3"},
       "--fan-out: goes neither with --rate nor --burst nor "
       "--messages-per-connection"},
      {{target, "--fan-out", "--slow-readers", "1"},
       "--fan-out, --slow-readers: what they send would reach the others"},
      {{target, "--fan-out", "--threads", "2"},
       "--fan-out, --threads: one thread sends and receives"},
      {{target, "--slow-readers", "-1"},
       "--slow-readers: '-1': give a whole number"},
      {{target, "--signal-window"}, "--signal-window requires --observe"},
      {{target, "--unknown"},
       "The following argument was not expected: "
       "--unknown"},
  };
  for (const auto& [arguments, error] : kCases) {
    const Outcome outcome = Load(arguments);
    EXPECT_EQ(outcome.exit_code, 2) << error;
    EXPECT_EQ(outcome.out, "") << error;
    EXPECT_EQ(FirstLine(outcome.err), error);
  }
}

// `polymux load` in a child whose standard output comes back. The child is made
// before the server's thread, which might hold a lock of the allocator's just
// then; it is told the address.
class LoadChild {
 public:
  explicit LoadChild(const std::vector<std::string>& flags) {
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    EXPECT_EQ(pipe(in.data()), 0);
    EXPECT_EQ(pipe(out.data()), 0);
    pid_ = fork();
    if (pid_ == 0) {
      close(in[1]);
      dup2(out[1], STDOUT_FILENO);
      std::array<char, 64> address{};
      if (read(in[0], address.data(), address.size() - 1) <= 0) _exit(1);
      std::vector<std::string> arguments{address.data()};
      arguments.insert(arguments.end(), flags.begin(), flags.end());
      _exit(CallLoadMain(arguments));
    }
    close(in[0]);
    close(out[1]);
    to_ = UniqueFd(in[1]);
    from_ = UniqueFd(out[0]);
  }

  void Start(const std::string& address) {
    EXPECT_EQ(write(to_.get(), address.data(), address.size()),
              static_cast<ssize_t>(address.size()));
    to_.Reset();
  }

  void Signal(int signal) const { kill(pid_, signal); }

  // Its exit code and output, by its end.
  Outcome Wait() {
    Outcome outcome{};
    std::array<char, 4096> chunk{};
    ssize_t count = 0;
    while ((count = read(from_.get(), chunk.data(), chunk.size())) > 0) {
      outcome.out.append(chunk.data(), static_cast<std::size_t>(count));
    }
    int status = 0;
    EXPECT_EQ(waitpid(pid_, &status, 0), pid_);
    EXPECT_TRUE(WIFEXITED(status));
    outcome.exit_code = WEXITSTATUS(status);
    return outcome;
  }

 private:
  pid_t pid_ = -1;
  UniqueFd to_;
  UniqueFd from_;
};

// Interrupts a run of a minute when the server has seen so many messages.
Outcome Interrupted(int signal, std::uint64_t messages,
                    std::vector<std::string> flags) {
  flags.insert(flags.end(), {"-c", "50", "-d", "60s", "-w", "0s"});
  LoadChild load(flags);
  const FaultServer server({.message_size = 64});
  load.Start(server.address());
  const std::int64_t begin = MonotonicNs();
  while (server.messages() < messages &&
         MonotonicNs() - begin < 30'000'000'000) {
    usleep(1'000);
  }
  EXPECT_GE(server.messages(), messages);
  load.Signal(signal);
  Outcome outcome = load.Wait();
  EXPECT_LT(MonotonicNs() - begin, 50'000'000'000);
  return outcome;
}

class LoadMainSignal : public testing::TestWithParam<int> {};

// What was measured by then is shown, and marked.
TEST_P(LoadMainSignal, EndsItPromptlyWithWhatItHas) {
  const Outcome outcome = Interrupted(GetParam(), 2000, {});
  EXPECT_EQ(outcome.exit_code, 130);
  EXPECT_EQ(outcome.out.find("INTERRUPTED after "), 0U) << outcome.out;
  EXPECT_NE(outcome.out.find("\nmessages "), std::string::npos);
}

TEST_P(LoadMainSignal, JsonIsMarkedToo) {
  for (const std::vector<std::string>& flags :
       {std::vector<std::string>{"--json"},
        {"--json", "--threads", "3"},
        {"--json", "--rate", "20000"}}) {
    const Outcome outcome = Interrupted(GetParam(), 2000, flags);
    EXPECT_EQ(outcome.exit_code, 130);
    const auto json = nlohmann::json::parse(outcome.out);
    EXPECT_EQ(json["interrupted"], true);
    EXPECT_GT(json["messages"], 0);
    EXPECT_GT(json["window_ns"], 0);
    EXPECT_GT(json["messages_per_second"], 0);
    EXPECT_FALSE(json["histogram"].empty());
  }
}

// Dies of the second signal.
[[noreturn]] void StopTwice() {
  StopSignals stop;
  raise(SIGINT);
  raise(SIGTERM);
  pollfd entry{stop.fd(), POLLIN, 0};
  if (poll(&entry, 1, 0) != 1) _exit(1);
  stop.Release();
  if (poll(&entry, 1, 0) != 0) _exit(2);
  raise(SIGTERM);
  _exit(3);
}

TEST(StopSignals, AreReadOnceAndThenEndTheProcess) {
  EXPECT_EXIT(StopTwice(), testing::KilledBySignal(SIGTERM), "");
}

INSTANTIATE_TEST_SUITE_P(, LoadMainSignal, testing::Values(SIGINT, SIGTERM),
                         [](const auto& test) {
                           return test.param == SIGINT ? "Int" : "Term";
                         });

}  // namespace
}  // namespace polymux::bench
