#include "apps/bank/bank_service.h"

#include <spdlog/spdlog.h>

#include <exception>
#include <utility>

#include "apps/bank/protocol.h"
#include "apps/bank/session.h"
#include "reactor/event_loop.h"
#include "reactor/length_framing.h"

namespace polymux {
namespace {

void LogException(std::exception_ptr exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& error) {
    spdlog::error("a request has failed: {}", error.what());
  } catch (...) {
    spdlog::error("a request has failed");
  }
}

}  // namespace

// What belongs to one connection and ends with it: the next one on the same
// descriptor begins with nothing.
struct BankService::Visit {
  Visit(Ledger* ledger, WorkerPool* pool, Connection& connection)
      : session(ledger, connection.peer().ToString()),
        strand(pool,
               [loop = connection.loop(), weak = connection.weak_from_this()] {
                 loop->QueueInLoop([weak] {
                   // A lock that fails: the client has gone meanwhile.
                   const ConnectionRef kept = weak.lock();
                   if (kept) kept->ResumeReading();
                 });
               }) {}

  Session session;  // the workers', by the strand one after the other
  Strand strand;
  CloseReason reason = CloseReason::kLocal;  // the loop's; once closed
};

BankService::BankService(Ledger* ledger, int workers)
    : ledger_(ledger),
      pool_({.threads = workers, .on_exception = LogException}) {}

void BankService::Serve(Connection::Options* options) {
  options->framing = std::make_shared<LengthFraming>(kMaxBody);
  options->callbacks.on_open = [this](Connection& connection) {
    OnOpen(connection);
  };
  options->callbacks.on_frame = [this](Connection& connection,
                                       std::string_view body) {
    OnRequest(connection, body);
  };
  options->callbacks.on_close =
      [this](Connection& connection, CloseReason reason,
             std::error_code error) { OnClose(connection, reason, error); };
}

void BankService::OnOpen(Connection& connection) {
  VisitRef visit = std::make_shared<Visit>(ledger_, &pool_, connection);
  const MutexLock lock(mutex_);
  visits_.emplace(&connection, std::move(visit));
}

void BankService::OnRequest(Connection& connection, std::string_view body) {
  ++counters_.accepted;
  // Keeps the connection open for the reply.
  connection.BeginWork();
  const VisitRef visit = Find(connection);
  const Offered offered = visit->strand.Offer(
      [this, kept = connection.shared_from_this(), visit,
       copy = std::string(body)] { Answer(kept, visit, copy); });
  if (offered == Offered::kTakenFull) connection.PauseReading();
  if (offered == Offered::kRefused) {
    ++counters_.lost;
    connection.Close();
    connection.EndWork();
  }
}

void BankService::Answer(const ConnectionRef& connection, const VisitRef& visit,
                         const std::string& body) {
  // Not answered when this throws; the close tells the client.
  const auto deliver = [this, connection, visit](const std::string& reply) {
    connection->loop()->QueueInLoop([this, connection, visit, reply] {
      Deliver(*connection, *visit, reply);
    });
  };
  try {
    const std::string reply = visit->session.Answer(body);
    // Takes effect when the replies that are in the works have been sent.
    if (visit->session.ended()) connection->Shutdown();
    deliver(reply);
  } catch (...) {
    connection->Close();
    deliver({});
    throw;
  }
}

void BankService::Deliver(Connection& connection, const Visit& visit,
                          const std::string& reply) {
  if (connection.closed()) {
    ++(visit.reason == CloseReason::kLocal ? counters_.lost
                                           : counters_.dropped);
  } else if (reply.empty()) {
    ++counters_.lost;
  } else {
    connection.SendFrame(reply);
    ++counters_.answered;
  }
  connection.EndWork();
}

void BankService::OnClose(Connection& connection, CloseReason reason,
                          std::error_code error) {
  const VisitRef visit = Find(connection);
  visit->reason = reason;
  {
    const MutexLock lock(mutex_);
    visits_.erase(&connection);
  }
  if (reason == CloseReason::kPeerClosed || reason == CloseReason::kLocal) {
    return;
  }
  spdlog::info("{}: connection closed: {}{}{}", connection.peer().ToString(),
               ToString(reason), error ? ", " : "",
               error ? error.message() : "");
}

BankService::VisitRef BankService::Find(const Connection& connection) {
  const MutexLock lock(mutex_);
  return visits_.at(&connection);
}

}  // namespace polymux
