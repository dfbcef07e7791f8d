#include "bench/verbs/recording.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "bench/lab/interrupt.h"
#include "bench/lab/memory_file.h"
#include "bench/lab/server.h"
#include "reactor/resolve_host.h"
#include "reactor/unique_fd.h"

namespace polymux::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kReplyLimit{10};
// The server is at rest when it has made no call for so long.
constexpr milliseconds kRest{60};
constexpr std::chrono::seconds kRestLimit{3};

std::vector<std::string> Tracer(const MemoryFile& log) {
  return {"strace", "-f", "-a", "1", "-s", "16", "--quiet=all",
          "--absolute-timestamps=format:unix,precision:ns",
          "--syscall-times=ns", "-o", log.path(),
          // A tracer that is killed lets its tracee go; this one ends then.
          "setpriv", "--pdeathsig", "KILL"};
}

std::chrono::nanoseconds Now() {
  return std::chrono::system_clock::now().time_since_epoch();
}

std::system_error Error(const char* what) {
  return {errno, std::generic_category(), what};
}

// One blocking connection.
class Client {
 public:
  explicit Client(const std::string& address) {
    // What it has announced is numeric.
    const InetAddress server =
        ResolveHost(ParseHostPort(address).value()).addresses.at(0);
    fd_ = UniqueFd(socket(server.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd_ || connect(fd_.get(), server.data(), server.size()) != 0) {
      throw Error("cannot connect to the server");
    }
  }

  void Send(const std::string& message) {
    if (send(fd_.get(), message.data(), message.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(message.size())) {
      throw Error("cannot send to the server");
    }
  }

  void AwaitEcho(const std::string& message) {
    const Deadline deadline = steady_clock::now() + kReplyLimit;
    std::string reply;
    while (reply.size() < message.size()) {
      std::array<char, 256> chunk;
      if (!WaitReadable(fd_.get(), deadline)) {
        throw std::runtime_error("the server did not reply");
      }
      const ssize_t count = read(fd_.get(), chunk.data(), chunk.size());
      if (count <= 0) throw std::runtime_error("the server closed early");
      reply.append(chunk.data(), static_cast<std::size_t>(count));
    }
    if (reply != message) throw std::runtime_error("the echo was wrong");
  }

 private:
  UniqueFd fd_;
};

class Recorder {
 public:
  explicit Recorder(const RecordOptions& options)
      : options_(options),
        server_(options.arm,
                {.reactors = options.reactors, .launcher = Tracer(log_)}) {}

  Recording Run() {
    AwaitRest();
    Snapshot();
    Talk();
    recording_.end = Now();
    Snapshot();
    if (const auto report = server_.Stop()) {
      recording_.counters = report->window;
    }
    recording_.calls = ParseStraceLog(log_.Contents());
    return std::move(recording_);
  }

 private:
  void Step(std::string text) {
    recording_.steps.push_back({.time = Now(), .text = std::move(text)});
  }

  void Talk() {
    Step("connects");
    {
      Client client(server_.address());
      AwaitRest();
      for (int i = 1; i <= options_.messages; ++i) {
        const std::string message = fmt::format("message {}", i);
        Step(fmt::format("sends {} bytes", message.size()));
        client.Send(message);
        client.AwaitEcho(message);
        Step("has the reply");
        AwaitRest();
      }
      Step("closes");
    }
    AwaitRest();
  }

  void AwaitRest() {
    const Deadline deadline = steady_clock::now() + kRestLimit;
    std::size_t size = log_.Contents().size();
    for (std::size_t before = 0;
         before != size && steady_clock::now() < deadline;
         size = log_.Contents().size()) {
      before = size;
      SleepUntil(steady_clock::now() + kRest);
    }
  }

  // Has the server write down its counters, if it can.
  void Snapshot() {
    if (!options_.arm.is_polymux()) return;
    const auto calls = ParseStraceLog(log_.Contents());
    if (calls.empty()) return;
    kill(calls.front().thread, SIGUSR1);
    AwaitRest();
  }

  const RecordOptions options_;
  MemoryFile log_{"strace"};
  Server server_;
  Recording recording_;
};

bool HasStrace() {
  try {
    Process process({.command = {"strace", "--version"}});
    process.ReadToEnd(steady_clock::now() + kReplyLimit);
    return true;
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::no_such_file_or_directory) return false;
    throw;
  }
}

}  // namespace

Recording Record(const RecordOptions& options) {
  if (!HasStrace()) {
    throw std::runtime_error(
        "strace is not installed, which does the tracing: "
        "sudo apt install strace");
  }
  try {
    return Recorder(options).Run();
  } catch (const std::runtime_error& error) {
    const std::string what = error.what();
    if (what.find("ptrace") == std::string::npos &&
        what.find("PTRACE") == std::string::npos) {
      throw;
    }
    throw std::runtime_error(fmt::format(
        "tracing is forbidden here. In a container, start that with\n"
        "--cap-add=SYS_PTRACE; elsewhere try: sudo sysctl "
        "kernel.yama.ptrace_scope=0\n{}",
        what));
  }
}

}  // namespace polymux::bench
