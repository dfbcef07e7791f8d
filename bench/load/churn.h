#ifndef POLYMUX_BENCH_LOAD_CHURN_H_
#define POLYMUX_BENCH_LOAD_CHURN_H_

#include <vector>

#include "bench/load/worker.h"

namespace polymux::bench {

// A closed loop whose connections come and go: when the messages of one have
// come back, it is replaced by a new one, which goes on where it stopped in the
// pattern.
//
// The end is an orderly one: we send our FIN, wait for the server's, and then
// connect anew. So the server sees the end of a stream and not a reset, and
// what it does for a close is within the measured work; and no more connections
// than the active ones are open at a time. TIME_WAIT is on our side. It holds a
// port of one source address for 60 s (on loopback Linux uses it again after
// 1 s, net.ipv4.tcp_tw_reuse); ClientSocketFactory takes further source
// addresses when ports run short.
class Churn final : public Worker {
 public:
  // REQUIRES: messages_per_connection >= plan.shape.depth.
  Churn(const WorkerPlan& plan, std::size_t messages_per_connection);

 private:
  // The present one of the connections that take turns in one place.
  struct Life {
    std::int64_t connect_began = 0;
    std::size_t to_ask = 0;   // messages not yet sent
    std::size_t to_come = 0;  // messages that have not come back
  };

  void Start() override;
  void OnReadable(Connection& connection) override;
  void OnConnected(Connection& connection) override;

  void BeginLife(Connection& connection, std::int64_t now);
  void AskUpTo(Connection& connection, std::size_t messages, std::int64_t now);
  void End(Connection& connection);
  void AwaitEnd(Connection& connection);
  void Reopen(Connection& connection);

  const std::size_t messages_per_connection_;
  std::vector<Life> lives_;  // of all connections, in their order
};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_CHURN_H_
