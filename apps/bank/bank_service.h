#ifndef POLYMUX_APPS_BANK_BANK_SERVICE_H_
#define POLYMUX_APPS_BANK_BANK_SERVICE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>

#include "apps/bank/ledger.h"
#include "reactor/connection.h"
#include "reactor/mutex.h"
#include "reactor/worker_pool.h"

namespace polymux {

// The bank between TcpServer and the ledger: has a worker answer the requests
// of each connection by the connection's own Session, in their order. The loops
// wait neither for the disk nor for a password.
class BankService {
 public:
  // At rest accepted is the sum of the others.
  struct Counters {
    std::atomic<std::uint64_t> accepted{0};
    std::atomic<std::uint64_t> answered{0};  // the connection took the reply
    std::atomic<std::uint64_t> dropped{0};   // the client had gone, or was idle
    std::atomic<std::uint64_t> lost{0};      // the bank had closed
  };

  // `ledger` must outlive the service.
  BankService(Ledger* ledger, int workers);

  // Sets the framing and the callbacks. The service must outlive the
  // connections.
  void Serve(Connection::Options* options);

  // Refuses further requests and returns when those that were taken have been
  // carried out and their replies are in the queues of the loops. Must be
  // called before these end.
  void Join() { pool_.Join(); }

  const Counters& counters() const { return counters_; }

 private:
  struct Visit;
  using VisitRef = std::shared_ptr<Visit>;
  using ConnectionRef = std::shared_ptr<Connection>;

  // Each in the connection's loop.
  void OnOpen(Connection& connection);
  void OnRequest(Connection& connection, std::string_view body);
  void OnClose(Connection& connection, CloseReason reason,
               std::error_code error);
  void Deliver(Connection& connection, const Visit& visit,
               const std::string& reply);

  // In a worker.
  void Answer(const ConnectionRef& connection, const VisitRef& visit,
              const std::string& body);

  VisitRef Find(const Connection& connection);

  // Constant after construction.
  Ledger* const ledger_;

  // Any thread.
  Counters counters_;
  Mutex mutex_;
  std::unordered_map<const Connection*, VisitRef> visits_
      POLYMUX_GUARDED_BY(mutex_);
  WorkerPool pool_;
};

}  // namespace polymux

#endif  // POLYMUX_APPS_BANK_BANK_SERVICE_H_
