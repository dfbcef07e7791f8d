#include <signal.h>
#include <spdlog/spdlog.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "apps/bank/bank_options.h"
#include "apps/bank/bank_service.h"
#include "apps/bank/demo.h"
#include "apps/bank/ledger.h"
#include "apps/descriptor_limit.h"
#include "apps/log.h"
#include "apps/program.h"
#include "apps/server_log.h"
#include "apps/stats_file.h"
#include "reactor/event_loop.h"
#include "reactor/signal_watcher.h"
#include "reactor/tcp_server.h"

namespace polymux {
namespace {

// The bank as a program: signals, log and exit code around the service.
class BankServer {
 public:
  explicit BankServer(const BankOptions& options);
  // Workers hand their replies to loops, so they end before these do.
  ~BankServer() { service_.Join(); }
  BankServer(const BankServer&) = delete;
  BankServer& operator=(const BankServer&) = delete;

  // Accepts connections, and says so. Throws std::system_error.
  void Start();
  // Serves until a signal. Returns the exit code.
  int Run();

 private:
  TcpServer::Options ServerOptions(const BankOptions& options);
  void OnSignal(int signal);
  void OnStopped();
  void Finish(const std::vector<TcpServer::LoopReport>& reports);
  void LogTotals();

  const BankOptions& options_;
  Ledger ledger_;
  BankService service_;
  EventLoop loop_;
  SignalWatcher signals_;
  TcpServer server_;
  int exit_code_ = 0;
};

BankServer::BankServer(const BankOptions& options)
    : options_(options),
      ledger_(options.database),
      service_(&ledger_, options.service),
      loop_(options.server.backend()),
      signals_(&loop_, {SIGINT, SIGTERM},
               [this](int signal) { OnSignal(signal); }),
      server_(&loop_, ServerOptions(options)) {}

TcpServer::Options BankServer::ServerOptions(const BankOptions& options) {
  TcpServer::Options server;
  server.address = options.server.address();
  server.reactors = options.server.reactors();
  server.max_connections = options.server.max_connections();
  server.max_connections_per_ip = options.server.max_per_ip();
  server.max_accepts_per_event = options.server.accepts_per_event();
  server.drain_timeout = options.drain_timeout;
  server.connection = options.connection;
  service_.Serve(&server.connection.callbacks);
  LogFailures(&loop_, &server);
  return server;
}

void BankServer::Start() {
  LogTotals();
  server_.Start();
  Announce(fmt::format(
      "listening {} backend={} reactors={}", server_.address().ToString(),
      options_.server.backend().name, options_.server.reactors()));
}

int BankServer::Run() {
  if (const std::error_code error = loop_.Run()) {
    spdlog::error("waiting for events failed: {}", error.message());
    return 1;
  }
  return exit_code_;
}

void BankServer::OnSignal(int signal) {
  SignalWatcher::RestoreDefault(SIGINT);
  SignalWatcher::RestoreDefault(SIGTERM);
  spdlog::info("stopping on signal {}, {} connections open", signal,
               server_.connections());
  server_.Stop([this] { OnStopped(); });
}

void BankServer::OnStopped() {
  service_.Join();
  // The last replies are counted by tasks that the loops have by now: what is
  // queued after them finds all counted.
  loop_.QueueInLoop([this] {
    server_.CollectCounters([this](const auto& reports) { Finish(reports); });
  });
}

void BankServer::Finish(const std::vector<TcpServer::LoopReport>& reports) {
  const Pipeline::Counters& counters = service_.counters();
  spdlog::info("{} requests: {} answered, {} whose client had gone, {} lost",
               counters.accepted.load(), counters.answered.load(),
               counters.dropped.load(), counters.lost.load());
  std::string turned_away;
  for (const std::string_view cause :
       {"rejected_limit", "rejected_peer_limit", "rejected_descriptors",
        "closed_malformed", "closed_output_limit", "closed_first_byte",
        "closed_frame_timeout", "closed_idle", "closed_write_timeout"}) {
    turned_away += fmt::format("{} {}, ", cause, Total(reports, cause));
  }
  spdlog::info("connections: {}locked_out {}", turned_away,
               service_.locked_out());
  LogTotals();
  // A reply that a connection took may have been cut off with it.
  const std::uint64_t cut_off = Total(reports, "lost");
  if (cut_off > 0) {
    spdlog::error("{} connections were closed with replies unsent", cut_off);
  }
  if (counters.lost.load() > 0 || cut_off > 0) exit_code_ = 1;
  loop_.Quit();
}

void BankServer::LogTotals() {
  if (const std::optional<Ledger::Totals> totals = ledger_.Count()) {
    spdlog::info("{}: {} customers, {} cards, {} in all", options_.database,
                 totals->customers, totals->cards, FormatCents(totals->money));
  }
}

// Whether there is a file to be served, having told it when not.
bool ExpectDatabase(const std::string& path) {
  std::error_code error;
  if (std::filesystem::exists(path, error)) return true;
  if (error) {
    spdlog::error("{}: {}", path, error.message());
  } else {
    spdlog::error("{} does not exist; --init-demo creates it", path);
  }
  return false;
}

// As long as it has not been kept: what has been created goes with a start that
// fails, so that the same command works when its cause is gone.
class NewDatabase {
 public:
  explicit NewDatabase(const BankOptions& options)
      : path_(options.init_demo ? options.database : "") {
    if (!path_.empty()) Ledger::Create(path_, DemoCustomers());
  }
  NewDatabase(const NewDatabase&) = delete;
  NewDatabase& operator=(const NewDatabase&) = delete;
  ~NewDatabase() {
    if (!path_.empty()) Ledger::Remove(path_);
  }

  void Keep() { path_.clear(); }

 private:
  std::string path_;  // empty: nothing to remove
};

int Serve(const BankOptions& options) {
  NewDatabase created(options);
  BankServer server(options);
  server.Start();
  created.Keep();
  return server.Run();
}

int BankServerMain(int argc, char** argv) {
  // Before any thread starts, so that all inherit the mask.
  SignalWatcher::Block({SIGINT, SIGTERM});
  ::signal(SIGPIPE, SIG_IGN);
  RaiseDescriptorLimit();
  const Log log("bank");

  BankOptions options;
  if (const std::optional<int> exit_code =
          ParseBankOptions(argc, argv, &options)) {
    return *exit_code;
  }
  const Backend& backend = options.server.backend();
  if (const std::string reason = backend.probe(); !reason.empty()) {
    spdlog::error("the backend {} cannot be used here: {}", backend.name,
                  reason);
    return 1;
  }
  if (!options.init_demo && !ExpectDatabase(options.database)) return 1;
  return Serve(options);
}

}  // namespace
}  // namespace polymux

int main(int argc, char** argv) {
  return polymux::RunProgram(argc, argv, polymux::BankServerMain);
}
