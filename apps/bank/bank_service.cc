#include "apps/bank/bank_service.h"

#include <spdlog/spdlog.h>

#include <exception>
#include <memory>
#include <string>

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

// What belongs to one connection and ends with it, as its context: the next one
// on the same descriptor begins with nothing.
struct BankService::Visit {
  Visit(BankService* bank, Connection* connection)
      : session(bank->ledger_, connection->peer().ToString(),
                bank->max_failed_logins_),
        pipeline(&bank->pool_, &bank->counters_, connection,
                 &Connection::SendFrame) {}

  Session session;  // the workers', by the pipeline one after the other
  Pipeline pipeline;
};

BankService::BankService(Ledger* ledger, const Options& options)
    : ledger_(ledger),
      max_failed_logins_(options.max_failed_logins),
      pool_({.threads = options.workers,
             .max_jobs = options.queue,
             .on_exception = LogException}) {}

void BankService::Serve(ConnectionCallbacks* callbacks) {
  callbacks->on_open = [this](Connection& connection) { OnOpen(connection); };
  callbacks->on_frame = [this](Connection& connection, std::string_view body) {
    OnRequest(connection, body);
  };
  callbacks->on_close = [](Connection& connection, CloseReason reason,
                           std::error_code error) {
    OnClose(connection, reason, error);
  };
}

void BankService::OnOpen(Connection& connection) {
  connection.set_context(std::make_shared<Visit>(this, &connection));
}

void BankService::OnRequest(Connection& connection, std::string_view body) {
  // Both outlive the work, which keeps the connection.
  Session& session = connection.context<Visit>()->session;
  connection.context<Visit>()->pipeline.Offer(
      [this, &connection, &session, copy = std::string(body)] {
        const bool ended_before = session.ended();
        std::string reply = session.Answer(copy);
        if (session.ended() && !ended_before) {
          ++locked_out_;
          // Takes effect when the replies that are in the works have been sent.
          connection.Shutdown();
        }
        return reply;
      });
}

void BankService::OnClose(const Connection& connection, CloseReason reason,
                          std::error_code error) {
  if (reason == CloseReason::kPeerClosed || reason == CloseReason::kLocal) {
    return;
  }
  spdlog::info("{}: connection closed: {}{}{}", connection.peer().ToString(),
               ToString(reason), error ? ", " : "",
               error ? error.message() : "");
}

}  // namespace polymux
