#ifndef POLYMUX_APPS_BANK_BANK_SERVICE_H_
#define POLYMUX_APPS_BANK_BANK_SERVICE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <system_error>

#include "apps/bank/ledger.h"
#include "apps/bank/session.h"
#include "reactor/connection.h"
#include "reactor/pipeline.h"
#include "reactor/worker_pool.h"

namespace polymux {

// The bank between TcpServer and the ledger: has a worker answer the requests
// of each connection by the connection's own Session, in their order. The loops
// wait neither for the disk nor for a password.
class BankService {
 public:
  struct Options {
    int workers = 4;
    std::size_t queue = 10'000;  // requests that may wait for a worker
    int max_failed_logins = Session::kMaxFailedLogins;
  };

  // `ledger` must outlive the service.
  BankService(Ledger* ledger, const Options& options);

  // Sets the callbacks. The service must outlive the connections, which shall
  // have the framing of the protocol.
  void Serve(ConnectionCallbacks* callbacks);

  // Refuses further requests and returns when those that were taken have been
  // carried out, or dropped where their connection has ended, and their replies
  // are in the queues of the loops. Must be called before these end.
  void Join() { pool_.Join(); }

  const Pipeline::Counters& counters() const { return counters_; }
  // Connections closed after too many failed logins.
  std::uint64_t locked_out() const { return locked_out_; }

 private:
  struct Visit;

  // Each in the connection's loop.
  void OnOpen(Connection& connection);
  void OnRequest(Connection& connection, std::string_view body);
  static void OnClose(const Connection& connection, CloseReason reason,
                      std::error_code error);

  // Constant after construction.
  Ledger* const ledger_;
  const int max_failed_logins_;

  // Any thread.
  Pipeline::Counters counters_;
  std::atomic<std::uint64_t> locked_out_{0};
  WorkerPool pool_;
};

}  // namespace polymux

#endif  // POLYMUX_APPS_BANK_BANK_SERVICE_H_
