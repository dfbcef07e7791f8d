#ifndef POLYMUX_BENCH_LOAD_FAN_OUT_H_
#define POLYMUX_BENCH_LOAD_FAN_OUT_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bench/load/worker.h"

namespace polymux::bench {

// One message to many receivers: the first connection sends, the server passes
// everything on to all of them, the first one included, and each of them
// verifies all of it. When the last one has a message, the next is sent; with a
// depth, so many are on the way. A message counts, and is timed, once for each
// receiver.
//
// Opening. That a connection is established does not tell that the server has
// begun to pass messages on to it. So the first connection sends bytes that
// count up until all have received the last one; those before it may be missing
// at the beginning of a stream, and only there.
//
// REQUIRES: all connections of the run are this worker's, and active.
class FanOut final : public Worker {
 public:
  explicit FanOut(const WorkerPlan& its_plan);

 private:
  void Start() override;
  void OnReadable(Connection& connection) override;
  void OnConnected(Connection& connection) override;
  void Greet(Connection& connection) override;
  bool Turn() override;

  bool is_calling() const { return call_ >= 0; }
  void Call();
  void OnNobodyAnswers();
  void Publish(std::int64_t now);
  // Of one receiver; the oldest of those that it lacks.
  void CountDelivered(std::uint64_t first, std::size_t count);

  // Opening.
  std::size_t connected_ = 0;
  int call_ = -1;  // the byte sent last; -1: none yet
  std::int64_t called_since_ = 0;
  std::vector<int> heard_;      // by each connection, last; -1: nothing
  std::size_t up_to_date_ = 0;  // connections that have heard call_

  // Messages, numbered from 0.
  std::uint64_t published_ = 0;
  std::uint64_t complete_ = 0;        // that all receivers have
  std::vector<std::size_t> lacking_;  // receivers of message number % depth
};

}  // namespace polymux::bench

#endif  // POLYMUX_BENCH_LOAD_FAN_OUT_H_
