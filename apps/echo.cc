#include "apps/echo.h"

#include <signal.h>
#include <spdlog/spdlog.h>

#include <optional>
#include <string>
#include <vector>

#include "apps/descriptor_limit.h"
#include "apps/echo_options.h"
#include "apps/echo_work.h"
#include "apps/fan_out.h"
#include "apps/log.h"
#include "apps/program.h"
#include "apps/server_log.h"
#include "apps/stats_file.h"
#include "reactor/event_loop.h"
#include "reactor/signal_watcher.h"
#include "reactor/tcp_server.h"

namespace polymux {
namespace {

using Reports = std::vector<TcpServer::LoopReport>;

// The server with what surrounds it: signals, statistics, log.
class EchoServer {
 public:
  EchoServer(const EchoOptions& options, const AdjustCallbacks& adjust);
  ~EchoServer() { work_.Join(); }

  // Serves until a signal. Returns the exit code.
  int Run();

 private:
  TcpServer::Options ServerOptions(const AdjustCallbacks& adjust);

  void OnSignal(int signal);
  void OnStopped();
  void Snapshot(bool final);
  void Append(const Reports& reports, bool final);
  void Summarize(const Reports& reports) const;

  const EchoOptions& options_;
  std::optional<StatsFile> stats_;
  EventLoop loop_;
  SignalWatcher signals_;
  EchoWork work_;
  FanOut fan_out_;
  TcpServer server_;
  int exit_code_ = 0;
};

EchoServer::EchoServer(const EchoOptions& options,
                       const AdjustCallbacks& adjust)
    : options_(options),
      loop_(*options.backend),
      signals_(&loop_, {SIGINT, SIGTERM, SIGUSR1},
               [this](int signal) { OnSignal(signal); }),
      work_(options.work),
      fan_out_(options.work.framed),
      server_(&loop_, ServerOptions(adjust)) {
  if (!options.stats_json.empty()) {
    stats_.emplace(options.stats_json, std::string(options.backend->name),
                   options.reactors);
  }
}

TcpServer::Options EchoServer::ServerOptions(const AdjustCallbacks& adjust) {
  TcpServer::Options server;
  server.address = options_.address;
  server.listen.backlog = options_.backlog;
  server.listen.no_delay = options_.no_delay;
  server.reactors = options_.reactors;
  server.strategy = options_.strategy;
  server.max_connections = options_.max_connections;
  server.max_connections_per_ip = options_.max_per_ip;
  server.max_accepts_per_event = options_.accepts_per_event;
  server.drain_timeout = options_.drain_timeout;
  server.connection = options_.connection;
  if (options_.fan_out) {
    fan_out_.Install(&server.connection.callbacks);
  } else {
    work_.Install(&server.connection.callbacks);
  }
  adjust(&server.connection.callbacks);
  LogFailures(&loop_, &server);
  return server;
}

int EchoServer::Run() {
  server_.Start();
  Announce(fmt::format("listening {} backend={} reactors={}",
                       server_.address().ToString(), options_.backend->name,
                       options_.reactors));
  if (const std::error_code error = loop_.Run()) {
    spdlog::error("waiting for events failed: {}", error.message());
    return 1;
  }
  return exit_code_;
}

void EchoServer::OnSignal(int signal) {
  if (signal == SIGUSR1) return Snapshot(false);
  SignalWatcher::RestoreDefault(SIGINT);
  SignalWatcher::RestoreDefault(SIGTERM);
  spdlog::info("stopping on signal {}, {} connections open", signal,
               server_.connections());
  server_.Stop([this] { OnStopped(); });
}

void EchoServer::OnStopped() {
  work_.Join();
  // Behind what the workers have queued in this loop.
  loop_.QueueInLoop([this] { Snapshot(true); });
}

void EchoServer::Snapshot(bool final) {
  server_.CollectCounters([this, final](const Reports& reports) {
    Append(reports, final);
    if (!final) return;
    Summarize(reports);
    if (const std::uint64_t lost = Total(reports, "lost"); lost > 0) {
      spdlog::error("{} connections were closed with replies unsent", lost);
      exit_code_ = 1;
    }
    if (work_.lost() > 0) exit_code_ = 1;
    loop_.Quit();
  });
}

void EchoServer::Append(const Reports& reports, bool final) {
  if (!stats_) return;
  try {
    stats_->Append(reports, work_.counters(), final);
  } catch (const std::exception& error) {
    // No reason to drop the clients; who reads the file learns it at the end.
    spdlog::error("{}", error.what());
    exit_code_ = 1;
  }
}

void EchoServer::Summarize(const Reports& reports) const {
  std::uint64_t system_calls = 0;
  for (const TcpServer::LoopReport& report : reports) {
    for (const Counter& counter : report.counters) {
      if (counter.is_system_call) system_calls += counter.value;
    }
  }
  spdlog::info(
      "served {} connections over {}: {} bytes in, {} out, {} system calls; "
      "rejected {} over the limit, {} over that of their address, {} for want "
      "of descriptors",
      Total(reports, "opened"), options_.backend->name,
      Total(reports, "bytes_read"), Total(reports, "bytes_written"),
      system_calls, Total(reports, "rejected_limit"),
      Total(reports, "rejected_peer_limit"),
      Total(reports, "rejected_descriptors"));
  std::string requests;
  for (const Counter& counter : work_.counters()) {
    requests += fmt::format("{}{} {}", requests.empty() ? "" : ", ",
                            counter.name, counter.value);
  }
  if (!requests.empty()) spdlog::info("requests of the workers: {}", requests);
}

}  // namespace

int EchoServerMain(int argc, char** argv) {
  return AdjustedEchoServerMain(argc, argv, [](ConnectionCallbacks*) {});
}

int AdjustedEchoServerMain(int argc, char** argv,
                           const AdjustCallbacks& adjust) {
  // Before any thread starts, so that all inherit the mask.
  SignalWatcher::Block({SIGINT, SIGTERM, SIGUSR1});
  ::signal(SIGPIPE, SIG_IGN);
  RaiseDescriptorLimit();
  const Log log("echo");

  EchoOptions options;
  if (const std::optional<int> exit_code =
          ParseEchoOptions(argc, argv, &options)) {
    return *exit_code;
  }
  if (const std::string reason = options.backend->probe(); !reason.empty()) {
    spdlog::error("the backend {} cannot be used here: {}",
                  options.backend->name, reason);
    return 1;
  }
  return EchoServer(options, adjust).Run();
}

}  // namespace polymux
