#include "bench/lab/server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include "apps/printable_text.h"
#include "bench/lab/interrupt.h"
#include "bench/load/process_tree.h"
#include "reactor/unique_fd.h"

namespace polymux::bench {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kStartLimit{10};
constexpr std::chrono::milliseconds kPause{10};
// For the kernel to close what killed processes had open.
constexpr std::chrono::seconds kEndLimit{1};
constexpr std::string_view kPortPlaceholder = "{port}";

sockaddr_in Ipv4(in_addr_t address, std::uint16_t port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_port = htons(port);
  result.sin_addr.s_addr = htonl(address);
  return result;
}

UniqueFd BoundSocket(in_addr_t address) {
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in name = Ipv4(address, 0);
  if (!fd || bind(fd.get(), reinterpret_cast<const sockaddr*>(&name),
                  sizeof name) != 0) {
    throw std::system_error(errno, std::generic_category(), "bind");
  }
  return fd;
}

// A port of 127.0.0.1 on which nobody listens now.
std::uint16_t FreePort() {
  const UniqueFd fd = BoundSocket(INADDR_LOOPBACK);
  sockaddr_in name{};
  socklen_t length = sizeof name;
  getsockname(fd.get(), reinterpret_cast<sockaddr*>(&name), &length);
  return ntohs(name.sin_port);
}

bool Accepts(std::uint16_t port) {
  // Another source address than the server's: a connect to a free local port
  // may otherwise connect to itself.
  const UniqueFd fd = BoundSocket(INADDR_LOOPBACK + 1);
  const sockaddr_in server = Ipv4(INADDR_LOOPBACK, port);
  return connect(fd.get(), reinterpret_cast<const sockaddr*>(&server),
                 sizeof server) == 0;
}

std::string WithPort(std::string command, std::uint16_t port) {
  const std::string number = std::to_string(port);
  for (std::size_t at = 0;
       (at = command.find(kPortPlaceholder, at)) != std::string::npos;
       at += number.size()) {
    command.replace(at, kPortPlaceholder.size(), number);
  }
  return command;
}

std::vector<std::string> PolymuxFlags(const ServerOptions& options,
                                      const MemoryFile& statistics) {
  // The plan has seen to it that the connections of a scenario fit; the default
  // limit would turn some of more than 10,000 away.
  std::vector<std::string> flags{"--port",
                                 "0",
                                 "--reactors",
                                 std::to_string(options.reactors),
                                 "--stats-json",
                                 statistics.path(),
                                 "--max-connections",
                                 "1000000"};
  if (options.fan_out) flags.emplace_back("--fan-out");
  return flags;
}

std::vector<std::string> Command(const Arm& arm, const ServerOptions& options,
                                 const MemoryFile& statistics,
                                 std::uint16_t port) {
  std::vector<std::string> command;
  switch (arm.kind) {
    case ArmKind::kBackend:
      command = {options.polymux, "serve", "--backend", arm.target};
      break;
    case ArmKind::kServer:
      command = {std::filesystem::absolute(options.directory / arm.target)};
      break;
    case ArmKind::kPeer:
      return {options.polymux, "peer", arm.target, "--port", "0"};
    case ArmKind::kForeign:
      return {"/bin/sh", "-c", WithPort(arm.target, port)};
  }
  for (std::string& flag : PolymuxFlags(options, statistics)) {
    command.push_back(std::move(flag));
  }
  return command;
}

std::vector<std::string> Launched(const std::vector<std::string>& launcher,
                                  const std::vector<std::string>& command) {
  std::vector<std::string> all = launcher;
  all.insert(all.end(), command.begin(), command.end());
  return all;
}

struct Announcement {
  std::string address;
  std::string backend;
};

// Parses `listening IP:PORT backend=NAME reactors=N`.
std::optional<Announcement> ParseAnnouncement(const std::string& line) {
  constexpr std::string_view kBackend = "backend=";
  std::istringstream words(line);
  std::string listening;
  Announcement announcement;
  words >> listening >> announcement.address >> announcement.backend;
  if (listening != "listening" || !announcement.backend.starts_with(kBackend)) {
    return std::nullopt;
  }
  announcement.backend.erase(0, kBackend.size());
  return announcement;
}

}  // namespace

Server::Server(const Arm& arm, const ServerOptions& options)
    : arm_(arm),
      port_(arm.kind == ArmKind::kForeign ? FreePort() : std::uint16_t{0}),
      process_({.command = Launched(options.launcher,
                                    Command(arm, options, statistics_, port_)),
                .cpus = options.cpus,
                .directory = options.directory,
                .stdout_to_stderr = arm.kind == ArmKind::kForeign,
                .padding = options.padding,
                .cgroup_fd = cgroup_ ? cgroup_->members_fd() : -1}) {
  if (arm.kind == ArmKind::kForeign) {
    AwaitConnection();
  } else {
    AwaitAnnouncement();
  }
}

void Server::AwaitAnnouncement() {
  const std::optional<std::string> line =
      process_.ReadLine(steady_clock::now() + kStartLimit);
  if (!line) {
    // The end of its output comes a little before its own.
    throw std::runtime_error(HowItDied(kPause).value_or(WithErrorOutput(
        fmt::format("{} did not say where it listens", arm_.name))));
  }
  const std::optional<Announcement> announcement = ParseAnnouncement(*line);
  if (!announcement) {
    throw std::runtime_error(
        fmt::format("{} should say where it listens but said \"{}\"", arm_.name,
                    PrintableLine(*line)));
  }
  address_ = announcement->address;
  backend_ = announcement->backend;
  // Another build was not asked for a backend: it has the one that it says.
  const bool as_asked =
      arm_.kind == ArmKind::kServer || backend_ == arm_.target;
  if (!as_asked) {
    throw std::runtime_error(fmt::format("{} says that it uses {}", arm_.name,
                                         PrintableLine(backend_)));
  }
}

void Server::AwaitConnection() {
  const Deadline deadline = steady_clock::now() + kStartLimit;
  while (!Accepts(port_)) {
    if (const auto death = HowItDied(kPause)) throw std::runtime_error(*death);
    if (steady_clock::now() >= deadline) {
      throw std::runtime_error(WithErrorOutput(
          fmt::format("{} accepts no connection on 127.0.0.1:{} after {} s",
                      arm_.name, port_, kStartLimit.count())));
    }
  }
  address_ = fmt::format("127.0.0.1:{}", port_);
}

void Server::AwaitRefusal() const {
  const Deadline deadline = steady_clock::now() + kEndLimit;
  while (Accepts(port_)) {
    if (steady_clock::now() >= deadline) {
      throw std::runtime_error(fmt::format(
          "{} has ended, but 127.0.0.1:{} still accepts: the server has left "
          "the processes of its command",
          arm_.name, port_));
    }
    SleepUntil(steady_clock::now() + kPause);
  }
}

std::filesystem::path Server::cgroup() const {
  std::vector<pid_t> pids;
  for (const TreeProcess& process : ProcessTree(process_.pid())) {
    pids.push_back(process.pid);
  }
  return cgroup_ && cgroup_->HoldsAll(pids) ? cgroup_->directory() : "";
}

std::optional<std::string> Server::HowItDied(std::chrono::nanoseconds within) {
  const auto status = process_.WaitForExit(steady_clock::now() + within);
  if (!status) return std::nullopt;
  return WithErrorOutput(
      fmt::format("{} {} by itself", arm_.name, status->Describe()));
}

std::optional<ServerReport> Server::Stop() {
  const ExitStatus status = process_.Stop();
  if (arm_.kind == ArmKind::kForeign) {
    // A foreign command owes no status to anybody when it is told to end.
    AwaitRefusal();
    return std::nullopt;
  }
  if (!status.success()) {
    throw std::runtime_error(WithErrorOutput(
        fmt::format("{}, told to stop, {}", arm_.name, status.Describe())));
  }
  if (!arm_.is_polymux()) return std::nullopt;
  return ParseServerReport(statistics_.Contents());
}

std::string Server::WithErrorOutput(const std::string& message) {
  const std::string output = process_.ErrorOutput();
  return output.empty()
             ? message
             : fmt::format("{}:\n{}", message, PrintableLines(output));
}

}  // namespace polymux::bench
